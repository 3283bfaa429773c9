//! The thread that owns a line: it opens the device, serves the queue, and opens the device again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::device::{Device, in_words};
use crate::opening::{Opened, Opening};
use crate::queue::{Answer, Errand, Job, Next, Step, Work};
use crate::shared::{OWNER_FAILED, Shared};
use crate::waiter::{Waiter, after};
use crate::wire::Wire;
use crate::{Held, LineError, LineSettings};

/// How long to wait before the device is opened again: doubled after each failure, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A device that was lost before it was open for this long has failed again: one that comes and goes is not chased.
const STEADY: Duration = Duration::from_secs(5);

pub(crate) struct Owner {
    shared: Arc<Shared>,
    settings: LineSettings,
    /// See [`LineOptions::beside`](crate::LineOptions::beside).
    beside: bool,
    waiter: Waiter,
    /// How often the device was opened.
    opened: u64,
}

impl Owner {
    pub(crate) fn new(
        shared: Arc<Shared>,
        settings: LineSettings,
        beside: bool,
        waiter: Waiter,
    ) -> Owner {
        Owner {
            shared,
            settings,
            beside,
            waiter,
            opened: 0,
        }
    }

    pub(crate) fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        while let Some(opened) = self.open() {
            let since = Instant::now();
            let error = match opened {
                Ok(device) => self
                    .survive(device)
                    .map(|how| format!("lost {}: {how}", self.settings.device)),
                Err(error) => Some(error),
            };
            let Some(error) = error else { return };
            self.shared.lost(error);
            if since.elapsed() >= STEADY {
                pause = FIRST_PAUSE;
            }
            self.pause(pause);
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Opens the device; none where the line is closed before it is open.
    fn open(&mut self) -> Option<Opened> {
        if self.shared.is_closed() {
            return None;
        }
        let opening = match Opening::begin(&self.settings, self.beside, &self.shared) {
            Ok(opening) => opening,
            Err(error) => return Some(Err(error)),
        };
        loop {
            let outcome = opening.outcome();
            if self.shared.is_closed() {
                return None;
            }
            if outcome.is_some() {
                return outcome;
            }
            self.wait(None);
        }
    }

    /// Serves the queue as long as it can. A fault in here is a device that was lost: it is opened again, and what it may not have
    /// received is owed to it. A line that ended would leave its mount without a stop.
    fn survive(&mut self, device: Box<dyn Device>) -> Option<String> {
        let served = catch_unwind(AssertUnwindSafe(|| self.serve(device)));
        let how = served.unwrap_or_else(|_| {
            tracing::error!(line = self.shared.name(), "{OWNER_FAILED}");
            self.shared.owe_sending();
            Some(OWNER_FAILED.to_owned())
        });
        if let Some(tap) = self.shared.tap() {
            tap.lost(how.as_deref().unwrap_or("the line was closed"));
        }
        how
    }

    /// Serves the queue until the line is closed, or the device is lost: how.
    fn serve(&mut self, device: Box<dyn Device>) -> Option<String> {
        let mut wire = match Wire::new(&self.shared, &mut self.waiter, device) {
            Ok(wire) => wire,
            Err(error) => return Some(in_words(&error)),
        };
        self.opened += 1;
        self.shared.opened(self.opened);
        leave_alone(&self.shared, &mut wire, self.settings.quiet);
        loop {
            if let Some(how) = wire.lost() {
                return Some(how);
            }
            match self.shared.next() {
                Next::Stop(stop) => wire.send_stop(stop),
                Next::Job(job, until) => perform(&self.shared, &mut wire, job, until),
                Next::Wait(until) => wire.idle(until),
                Next::Close => return None,
            }
        }
    }

    /// Lets time pass, unless the line is closed meanwhile.
    fn pause(&mut self, length: Duration) {
        let end = after(length);
        while Instant::now() < end && !self.shared.is_closed() {
            self.wait(Some(end));
        }
    }

    fn wait(&mut self, until: Option<Instant>) {
        if let Err(error) = self.waiter.wait(until) {
            tracing::error!(
                line = self.shared.name(),
                "the line ends: cannot wait for anything: {}",
                in_words(&error)
            );
            self.shared.close();
        }
    }
}

/// Nobody waits for a thread that ended, however it ended.
impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.end();
    }
}

/// Lets a device that starts anew when it is opened come to itself: nothing but stops goes out, and what it says is discarded.
fn leave_alone(shared: &Shared, wire: &mut Wire<'_>, quiet: Duration) {
    if quiet.is_zero() {
        return;
    }
    wire.expect_noise();
    let end = after(quiet);
    while Instant::now() < end && !shared.is_closed() && !wire.is_lost() {
        match shared.next_stop() {
            Some(stop) => wire.send_stop(stop),
            None => wire.idle(Some(end)),
        }
    }
}

fn perform(shared: &Arc<Shared>, wire: &mut Wire<'_>, job: Job, until: Option<Instant>) {
    match job.work {
        Work::Step { step, answer } => {
            let outcome = wire.perform(&step, &job.errand, until, || answer.is_closed());
            // A caller that went away needs no reply.
            let _ = answer.send(outcome);
        }
        Work::Hold { at_most, answer } => hold(shared, wire, job.errand, at_most, answer),
    }
}

fn hold(
    shared: &Arc<Shared>,
    wire: &mut Wire<'_>,
    errand: Errand,
    at_most: Duration,
    answer: Answer<Held>,
) {
    let outcome = match wire.perform(&Step::Settle, &errand, None, || answer.is_closed()) {
        Ok(_) if errand.guard.is_stale(shared.stop_count()) => Err(LineError::Stopped),
        Ok(_) => Ok(Held::new(shared.clone(), shared.grant(at_most), errand)),
        Err(error) => Err(error),
    };
    // A caller that went away drops the hold, which releases the line.
    let _ = answer.send(outcome);
}
