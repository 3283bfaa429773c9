//! The queue in front of a line: callers' jobs, the stops that wait, and who holds the line.
//!
//! Pure: it decides what is next and touches no device. `shared` puts a lock around it.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::exchange::{Exchange, Framing, Guard, StopCount, StopSequence};
use crate::waiter::after;
use crate::{Held, LineError};

/// How many callers may wait for a line. One more gets [`LineError::Busy`]. The holder of a line has a place of its own.
pub const QUEUE_CAPACITY: usize = 64;

/// How many different stop sequences may wait for a line; equal ones share a place.
const MAX_WAITING_STOPS: usize = 16;

/// How many of them may be endings of single motions, which so never take a stop its place.
const MAX_WAITING_ENDINGS: usize = 8;

pub(crate) type Answer<T> = oneshot::Sender<Result<T, LineError>>;

/// When the last byte of a stop was handed to the device.
pub(crate) type StopOutcome = Result<Instant, LineError>;

/// One thing to do on the wire.
#[derive(Debug)]
pub(crate) enum Step {
    Exchange(Exchange),
    /// Let the line go quiet and discard what came: a hold begins so.
    Settle,
    /// Of a hold: write, and discard nothing.
    Write(Vec<u8>),
    /// Of a hold: read on.
    Read(Framing, Duration),
}

impl Step {
    pub(crate) fn request(&self) -> &[u8] {
        match self {
            Step::Exchange(exchange) => &exchange.request,
            Step::Write(bytes) => bytes,
            Step::Settle | Step::Read(..) => &[],
        }
    }
}

/// What a caller waits for.
#[derive(Debug)]
pub(crate) enum Work {
    Step {
        step: Step,
        answer: Answer<Vec<u8>>,
    },
    Hold {
        at_most: Duration,
        answer: Answer<Held>,
    },
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

/// On what terms something is asked.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    /// The hold that it belongs to.
    pub(crate) hold: Option<u64>,
    pub(crate) guard: Guard,
    /// Whose bytes they are, for a tap.
    pub(crate) by: Option<Arc<str>>,
}

#[derive(Debug)]
pub(crate) struct Job {
    id: u64,
    pub(crate) errand: Errand,
    pub(crate) work: Work,
}

/// What a stop stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// One motion: what others wrote is still to be obeyed.
    Motion,
    /// Everything on the line.
    Line,
}

impl Scope {
    fn places(self) -> usize {
        match self {
            Scope::Motion => MAX_WAITING_ENDINGS,
            Scope::Line => MAX_WAITING_STOPS,
        }
    }
}

/// A stop that waits for its turn.
#[derive(Debug)]
pub(crate) struct WaitingStop {
    pub(crate) sequence: StopSequence,
    pub(crate) outcome: watch::Sender<Option<StopOutcome>>,
    pub(crate) scope: Scope,
    pub(crate) asked: Instant,
    /// When it goes out also into an exchange under way.
    patience_ends: Instant,
}

impl WaitingStop {
    pub(crate) fn new(sequence: StopSequence, scope: Scope) -> WaitingStop {
        WaitingStop {
            scope,
            patience_ends: after(sequence.patience),
            asked: Instant::now(),
            outcome: watch::Sender::new(None),
            sequence,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct ActiveHold {
    id: u64,
    until: Instant,
}

/// What the owner does next.
#[derive(Debug)]
pub(crate) enum Next {
    Stop(WaitingStop),
    /// With the end of the hold that it belongs to.
    Job(Job, Option<Instant>),
    /// Nothing, until something changes or a hold runs out.
    Wait(Option<Instant>),
    Close,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    open: bool,
    closed: bool,
    last_id: u64,
    jobs: VecDeque<Job>,
    hold: Option<ActiveHold>,
    /// While the device is gone: the stops that it is owed.
    stops: VecDeque<WaitingStop>,
    /// The stop that is on its way to the device.
    sending: Option<(StopSequence, Scope)>,
    closed_at: Option<Instant>,
}

impl Queue {
    pub(crate) fn enqueue(&mut self, errand: Errand, work: Work) -> Result<u64, LineError> {
        let capacity = QUEUE_CAPACITY + usize::from(errand.hold.is_some());
        if !self.open {
            return Err(LineError::Disconnected);
        }
        if self.jobs.len() >= capacity {
            return Err(LineError::Busy);
        }
        let id = self.next_id();
        self.jobs.push_back(Job { id, errand, work });
        Ok(id)
    }

    pub(crate) fn withdraw(&mut self, id: u64) {
        self.jobs.retain(|job| job.id != id);
    }

    /// Fails what is older, and lets the stop wait for its turn, or for the device where that is gone.
    pub(crate) fn stop(
        &mut self,
        sequence: &StopSequence,
        scope: Scope,
        count: StopCount,
    ) -> watch::Receiver<Option<StopOutcome>> {
        self.fail_older(count);
        let is_full = self.stops.len() >= scope.places();
        let waiting = match self
            .stops
            .iter_mut()
            .find(|stop| stop.sequence == *sequence)
        {
            Some(waiting) => {
                waiting.scope = waiting.scope.max(scope);
                waiting.outcome.subscribe()
            }
            None if self.closed => return settled(LineError::Disconnected),
            None if is_full => return settled(LineError::Busy),
            None => {
                let waiting = WaitingStop::new(sequence.clone(), scope);
                let outcome = waiting.outcome.subscribe();
                self.stops.push_back(waiting);
                outcome
            }
        };
        if self.open || self.closed {
            waiting
        } else {
            settled(LineError::Disconnected)
        }
    }

    /// When the first of the waiting stops goes out, with or without an exchange under way.
    pub(crate) fn stop_due(&self, under_way: bool) -> Option<Instant> {
        let due = |stop: &WaitingStop| {
            if under_way {
                stop.patience_ends
            } else {
                stop.asked
            }
        };
        self.stops.iter().map(due).min()
    }

    /// A stop of everything goes before the endings of single motions.
    pub(crate) fn next_stop(&mut self) -> Option<WaitingStop> {
        let of_all = self.stops.iter().position(|stop| stop.scope == Scope::Line);
        let next = self.stops.remove(of_all.unwrap_or_default());
        if let Some(stop) = &next {
            self.sending = Some((stop.sequence.clone(), stop.scope));
        }
        next
    }

    /// The stop that was on its way was handed over, or is owed again.
    pub(crate) fn stop_left(&mut self) {
        self.sending = None;
    }

    /// The owner failed with a stop in its hands.
    pub(crate) fn owe_sending(&mut self) {
        if let Some((sequence, scope)) = self.sending.take() {
            self.owe(WaitingStop::new(sequence, scope));
        }
    }

    /// Whether bytes that stop something are still to be handed to the device.
    pub(crate) fn owes(&self) -> bool {
        let waiting = self.stops.iter().map(|stop| &stop.sequence);
        let sending = self.sending.iter().map(|(sequence, _)| sequence);
        waiting
            .chain(sending)
            .any(|sequence| !sequence.exchanges.is_empty())
    }

    /// Takes a stop back that the device did not take; it is sent first thing when the device is open again.
    pub(crate) fn owe(&mut self, stop: WaitingStop) {
        if !self
            .stops
            .iter()
            .any(|waiting| waiting.sequence == stop.sequence)
        {
            self.stops
                .push_front(WaitingStop::new(stop.sequence, stop.scope));
        }
    }

    pub(crate) fn next(&mut self, now: Instant) -> Next {
        if let Some(stop) = self.next_stop() {
            return Next::Stop(stop);
        }
        if self.closed {
            return Next::Close;
        }
        self.hold = self.hold.filter(|hold| hold.until > now);
        while let Some(job) = self.next_job() {
            match self.hold {
                Some(hold) if job.errand.hold == Some(hold.id) => {
                    return Next::Job(job, Some(hold.until));
                }
                _ if job.errand.hold.is_some() => job.work.fail(LineError::Expired),
                _ => return Next::Job(job, None),
            }
        }
        Next::Wait(self.hold.map(|hold| hold.until))
    }

    /// The first job; while the line is held, the first that belongs to a hold.
    fn next_job(&mut self) -> Option<Job> {
        let held = self.hold.is_some();
        let index = self
            .jobs
            .iter()
            .position(|job| !held || job.errand.hold.is_some())?;
        self.jobs.remove(index)
    }

    pub(crate) fn grant(&mut self, at_most: Duration) -> u64 {
        let id = self.next_id();
        self.hold = Some(ActiveHold {
            id,
            until: after(at_most),
        });
        id
    }

    pub(crate) fn is_held(&self) -> bool {
        self.hold.is_some()
    }

    pub(crate) fn release(&mut self, hold: u64) {
        self.hold = self.hold.filter(|active| active.id != hold);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn opened(&mut self) {
        self.open = !self.closed;
    }

    /// The device is gone: the callers are told, and the stops stay for the day when it is back.
    pub(crate) fn lost(&mut self) {
        self.open = false;
        self.hold = None;
        self.fail_jobs();
        for stop in &mut self.stops {
            // A sender of its own for each opening: who asks later waits for what comes then.
            mem::replace(&mut stop.outcome, watch::Sender::new(None))
                .send_replace(Some(Err(LineError::Disconnected)));
        }
    }

    pub(crate) fn close(&mut self) {
        self.open = false;
        self.closed = true;
        self.closed_at.get_or_insert_with(Instant::now);
        self.fail_jobs();
    }

    /// When the line was closed.
    pub(crate) fn closed_at(&self) -> Option<Instant> {
        self.closed_at
    }

    fn fail_older(&mut self, count: StopCount) {
        let (older, jobs) = mem::take(&mut self.jobs)
            .into_iter()
            .partition(|job| job.errand.guard.is_stale(count));
        self.jobs = jobs;
        let older: VecDeque<Job> = older;
        older
            .into_iter()
            .for_each(|job| job.work.fail(LineError::Stopped));
    }

    fn fail_jobs(&mut self) {
        self.jobs
            .drain(..)
            .for_each(|job| job.work.fail(LineError::Disconnected));
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

fn settled(error: LineError) -> watch::Receiver<Option<StopOutcome>> {
    watch::Sender::new(Some(Err(error))).subscribe()
}
