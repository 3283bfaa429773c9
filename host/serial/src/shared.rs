//! What a line's handles and its owner share.
//!
//! The lock is held for moments only, never while the device is touched.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mio::{Registry, Token, Waker};
use tokio::sync::{oneshot, watch};

use crate::LineError;
use crate::exchange::{MAX_REQUEST, StopCount, StopSequence};
use crate::queue::{Answer, Errand, Next, Queue, Scope, Step, StopOutcome, WaitingStop, Work};
use crate::state::LineState;
use crate::tap::Tap;

/// The queue's event in the owner's poll.
const QUEUE: Token = Token(0);

/// How a device is lost where it is not to blame.
pub(crate) const OWNER_FAILED: &str = "the thread of the line failed; this is a fault of the host";

#[derive(Debug)]
pub(crate) struct Shared {
    name: String,
    stops: AtomicU64,
    queue: Mutex<Queue>,
    waker: Waker,
    state: watch::Sender<LineState>,
    /// See [`Queue::owes`].
    owing: watch::Sender<bool>,
    tap: Option<Arc<dyn Tap>>,
}

/// What the callers see.
impl Shared {
    pub(crate) fn new(
        name: String,
        registry: &Registry,
        tap: Option<Arc<dyn Tap>>,
    ) -> io::Result<Shared> {
        Ok(Shared {
            name,
            stops: AtomicU64::new(0),
            queue: Mutex::default(),
            waker: Waker::new(registry, QUEUE)?,
            state: watch::Sender::new(LineState::Connecting { error: None }),
            owing: watch::Sender::new(false),
            tap,
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

    pub(crate) fn owing(&self) -> watch::Receiver<bool> {
        self.owing.subscribe()
    }

    pub(crate) fn tap(&self) -> Option<&dyn Tap> {
        self.tap.as_deref()
    }

    pub(crate) async fn step(&self, errand: Errand, step: Step) -> Result<Vec<u8>, LineError> {
        if step.request().len() > MAX_REQUEST {
            return Err(LineError::TooLong(step.request().len()));
        }
        self.submit(errand, |answer| Work::Step { step, answer })
            .await
    }

    /// Queues work and waits for its answer.
    pub(crate) async fn submit<T>(
        &self,
        errand: Errand,
        work: impl FnOnce(Answer<T>) -> Work,
    ) -> Result<T, LineError> {
        let (answer, answered) = oneshot::channel();
        let id = self.queue().enqueue(errand, work(answer))?;
        let _ticket = Ticket { shared: self, id };
        self.wake();
        // Who has it answers, unless that failed half way.
        answered
            .await
            .unwrap_or_else(|_| Err(LineError::Interrupted(OWNER_FAILED.to_owned())))
    }

    pub(crate) fn stop(&self, sequence: &StopSequence) -> watch::Receiver<Option<StopOutcome>> {
        // First, so that from here on the owner begins nothing older.
        let count = StopCount(self.stops.fetch_add(1, Ordering::SeqCst) + 1);
        let outcome = self.change_stops(|queue| queue.stop(sequence, Scope::Line, count));
        self.wake();
        outcome
    }

    pub(crate) fn end_motion(&self, ending: &StopSequence) -> watch::Receiver<Option<StopOutcome>> {
        let count = self.stop_count();
        let outcome = self.change_stops(|queue| queue.stop(ending, Scope::Motion, count));
        self.wake();
        outcome
    }

    pub(crate) fn release(&self, hold: u64) {
        self.queue().release(hold);
        self.wake();
    }

    pub(crate) fn close(&self) {
        self.queue().close();
        self.wake();
    }

    /// Under one lock, so that nobody who was told that nothing is owed finds that out too late.
    fn change_stops<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.queue();
        let changed = change(&mut queue);
        let owes = queue.owes();
        self.owing
            .send_if_modified(|owing| std::mem::replace(owing, owes) != owes);
        changed
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(
                line = self.name,
                "cannot wake the owner of the line: {error}"
            );
        }
    }
}

/// What the owner sees.
impl Shared {
    pub(crate) fn next(&self) -> Next {
        self.queue().next(Instant::now())
    }

    pub(crate) fn next_stop(&self) -> Option<WaitingStop> {
        self.queue().next_stop()
    }

    pub(crate) fn stop_due(&self, under_way: bool) -> Option<Instant> {
        self.queue().stop_due(under_way)
    }

    pub(crate) fn owe(&self, stop: WaitingStop) {
        self.change_stops(|queue| queue.owe(stop));
    }

    pub(crate) fn stop_left(&self) {
        self.change_stops(Queue::stop_left);
    }

    pub(crate) fn owe_sending(&self) {
        self.change_stops(Queue::owe_sending);
    }

    pub(crate) fn closed_at(&self) -> Option<Instant> {
        self.queue().closed_at()
    }

    pub(crate) fn grant(&self, at_most: Duration) -> u64 {
        self.queue().grant(at_most)
    }

    pub(crate) fn is_held(&self) -> bool {
        self.queue().is_held()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.queue().is_closed()
    }

    pub(crate) fn opened(&self, opened: u64) {
        self.queue().opened();
        tracing::info!(line = self.name, "the device is open");
        if let Some(tap) = self.tap() {
            tap.opened();
        }
        self.state.send_replace(LineState::Open { opened });
    }

    /// The device is not there, or no longer: `error` says why.
    pub(crate) fn lost(&self, error: String) {
        self.queue().lost();
        let state = LineState::Connecting {
            error: Some(error.clone()),
        };
        // A device that stays away is one piece of news.
        if *self.state.borrow() != state {
            tracing::warn!(line = self.name, "{error}");
            self.state.send_replace(state);
        }
    }

    /// The owner is at its end: nobody waits for it any longer.
    pub(crate) fn end(&self) {
        let mut queue = self.queue();
        queue.close();
        queue.lost();
        drop(queue);
        self.state.send_replace(LineState::Closed);
    }
}

/// A caller's place in the queue, given back when the caller goes away.
struct Ticket<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.shared.queue().withdraw(self.id);
    }
}
