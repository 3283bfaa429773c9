//! What a line's handles and its owner share: the queue, the stops that wait, and who holds the line.
//!
//! The lock is held for moments only, never while the device is touched.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mio::{Registry, Token, Waker};
use tokio::sync::{oneshot, watch};

use crate::exchange::{Exchange, Framing, Guard, MAX_REQUEST, StopCount, StopSequence};
use crate::state::LineState;
use crate::{Held, LineError};

/// How many callers may wait for a line. One more gets [`LineError::Busy`]. The holder of a line has a place of its own.
pub const QUEUE_CAPACITY: usize = 64;

/// How many different stop sequences may wait for a line; equal ones share a place.
const MAX_WAITING_STOPS: usize = 8;

/// The queue's event in the owner's poll.
pub(crate) const QUEUE: Token = Token(0);

pub(crate) type Answer<T> = oneshot::Sender<Result<T, LineError>>;
pub(crate) type StopOutcome = Result<Instant, LineError>;

/// One thing to do on the wire.
#[derive(Debug)]
pub(crate) enum Step {
    Exchange(Exchange),
    /// Of a hold: write and discard nothing.
    Write(Vec<u8>),
    /// Of a hold: read on.
    Read(Framing, Duration),
}

impl Step {
    fn request(&self) -> &[u8] {
        match self {
            Step::Exchange(exchange) => &exchange.request,
            Step::Write(bytes) => bytes,
            Step::Read(..) => &[],
        }
    }
}

#[derive(Debug)]
pub(crate) enum Work {
    Step { step: Step, answer: Answer<Vec<u8>> },
    Hold { at_most: Duration, answer: Answer<Held> },
}

impl Work {
    pub(crate) fn fail(self, error: LineError) {
        // A caller that went away needs no answer.
        match self {
            Work::Step { answer, .. } => drop(answer.send(Err(error))),
            Work::Hold { answer, .. } => drop(answer.send(Err(error))),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Job {
    id: u64,
    /// The hold that it belongs to.
    hold: Option<u64>,
    pub(crate) guard: Guard,
    pub(crate) work: Work,
}

/// A stop that waits for its turn.
#[derive(Debug)]
pub(crate) struct WaitingStop {
    pub(crate) sequence: StopSequence,
    asked: Instant,
    pub(crate) outcome: watch::Sender<Option<StopOutcome>>,
}

impl WaitingStop {
    fn new(sequence: StopSequence) -> WaitingStop {
        WaitingStop { sequence, asked: Instant::now(), outcome: watch::Sender::new(None) }
    }
}

#[derive(Clone, Copy, Debug)]
struct ActiveHold {
    id: u64,
    until: Instant,
}

#[derive(Debug, Default)]
struct Queue {
    open: bool,
    closed: bool,
    last_id: u64,
    jobs: VecDeque<Job>,
    hold: Option<ActiveHold>,
    /// While the device is gone these are the stops that it is owed.
    stops: VecDeque<WaitingStop>,
}

impl Queue {
    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn is_full(&self, for_holder: bool) -> bool {
        self.jobs.len() >= QUEUE_CAPACITY + usize::from(for_holder)
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    name: String,
    stops: AtomicU64,
    queue: Mutex<Queue>,
    waker: Waker,
    state: watch::Sender<LineState>,
}

impl Shared {
    pub(crate) fn new(name: String, registry: &Registry) -> io::Result<Shared> {
        Ok(Shared {
            name,
            stops: AtomicU64::new(0),
            queue: Mutex::default(),
            waker: Waker::new(registry, QUEUE)?,
            state: watch::Sender::new(LineState::Connecting { error: None }),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn stop_count(&self) -> StopCount {
        StopCount(self.stops.load(Ordering::SeqCst))
    }

    pub(crate) fn state(&self) -> watch::Receiver<LineState> {
        self.state.subscribe()
    }

    pub(crate) async fn step(&self, hold: Option<u64>, guard: Guard, step: Step) -> Result<Vec<u8>, LineError> {
        if step.request().len() > MAX_REQUEST {
            return Err(LineError::TooLong(step.request().len()));
        }
        self.submit(hold, guard, |answer| Work::Step { step, answer }).await
    }

    /// Queues work and waits for its answer.
    pub(crate) async fn submit<T>(
        &self,
        hold: Option<u64>,
        guard: Guard,
        work: impl FnOnce(Answer<T>) -> Work,
    ) -> Result<T, LineError> {
        let (answer, answered) = oneshot::channel();
        let _ticket = self.enqueue(hold, guard, work(answer))?;
        answered.await.unwrap_or(Err(LineError::Disconnected))
    }

    fn enqueue(&self, hold: Option<u64>, guard: Guard, work: Work) -> Result<Ticket<'_>, LineError> {
        let mut queue = self.lock();
        if !queue.open {
            return Err(LineError::Disconnected);
        }
        if queue.is_full(hold.is_some()) {
            return Err(LineError::Busy);
        }
        let id = queue.next_id();
        queue.jobs.push_back(Job { id, hold, guard, work });
        drop(queue);
        self.wake();
        Ok(Ticket { shared: self, id })
    }

    pub(crate) fn stop(&self, sequence: &StopSequence) -> watch::Receiver<Option<StopOutcome>> {
        // First, so that the owner writes nothing older from here on.
        self.stops.fetch_add(1, Ordering::SeqCst);
        let outcome = self.lock().stop(sequence, self.stop_count());
        self.wake();
        outcome
    }

    pub(crate) fn release(&self, hold: u64) {
        let mut queue = self.lock();
        queue.hold = queue.hold.filter(|active| active.id != hold);
        drop(queue);
        self.wake();
    }

    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        queue.open = false;
        queue.fail_jobs(&LineError::Disconnected);
        drop(queue);
        self.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(line = self.name, "cannot wake the line's owner: {error}");
        }
    }
}

impl Queue {
    fn stop(&mut self, sequence: &StopSequence, count: StopCount) -> watch::Receiver<Option<StopOutcome>> {
        self.fail_older(count);
        let refusal = self.refusal_of(sequence);
        let waiting = self.stops.iter().position(|stop| stop.sequence == *sequence);
        if let Some(error) = refusal {
            return watch::Sender::new(Some(Err(error))).subscribe();
        }
        let _ = waiting;
        self.stops.push_back(WaitingStop::new(sequence.clone()));
        watch::Sender::new(None).subscribe()
    }

    fn refusal_of(&self, _sequence: &StopSequence) -> Option<LineError> {
        (!self.open).then_some(LineError::Disconnected).or((self.stops.len() >= MAX_WAITING_STOPS).then_some(LineError::Busy))
    }

    fn fail_older(&mut self, count: StopCount) {
        let (older, jobs) = std::mem::take(&mut self.jobs).into_iter().partition(|job| job.guard.is_stale(count));
        self.jobs = jobs;
        let older: VecDeque<Job> = older;
        older.into_iter().for_each(|job| job.work.fail(LineError::Stopped));
    }

    fn fail_jobs(&mut self, error: &LineError) {
        self.jobs.drain(..).for_each(|job| job.work.fail(error.clone()));
    }
}

/// A caller's place in the queue, given back when the caller goes away.
struct Ticket<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.shared.lock().jobs.retain(|job| job.id != self.id);
    }
}
