//! The thread that owns a line: it opens the device, serves the queue, and opens the device again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::device::{self, Device, in_words};
use crate::exchange::Guard;
use crate::queue::{Answer, Job, Next, Step, Work};
use crate::shared::Shared;
use crate::waiter::{Waiter, after};
use crate::wire::Wire;
use crate::{Held, LineError, LineSettings};

/// How long to wait before the device is opened again: doubled after each failure, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(crate) struct Owner {
    shared: Arc<Shared>,
    settings: LineSettings,
    waiter: Waiter,
    /// How often the device was opened.
    opened: u64,
}

impl Owner {
    pub(crate) fn new(shared: Arc<Shared>, settings: LineSettings, waiter: Waiter) -> Owner {
        Owner {
            shared,
            settings,
            waiter,
            opened: 0,
        }
    }

    pub(crate) fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        while !self.shared.is_closed() {
            let error = match device::open(&self.settings) {
                Ok(device) => {
                    pause = FIRST_PAUSE;
                    self.serve(device)
                        .map(|how| format!("lost {}: {how}", self.settings.device))
                }
                Err(error) => Some(error),
            };
            let Some(error) = error else { return };
            self.shared.lost(error);
            self.pause(pause);
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Serves the queue until the line is closed, or the device is lost: how.
    fn serve(&mut self, device: Box<dyn Device>) -> Option<String> {
        let mut wire = match Wire::new(&self.shared, &mut self.waiter, device) {
            Ok(wire) => wire,
            Err(error) => return Some(in_words(&error)),
        };
        self.opened += 1;
        self.shared.opened(self.opened);
        loop {
            match self.shared.next() {
                Next::Stop(stop) => wire.send_stop(stop),
                Next::Job(job, until) => perform(&self.shared, &mut wire, job, until),
                Next::Wait(until) => wire.idle(until),
                Next::Close => return None,
            }
            if let Some(how) = wire.lost() {
                return Some(how);
            }
        }
    }

    /// Lets time pass, unless the line is closed meanwhile.
    fn pause(&mut self, length: Duration) {
        let end = after(length);
        while Instant::now() < end && !self.shared.is_closed() {
            if let Err(error) = self.waiter.wait(Some(end)) {
                tracing::error!(
                    line = self.shared.name(),
                    "the line ends: cannot wait for anything: {}",
                    in_words(&error)
                );
                self.shared.close();
            }
        }
    }
}

/// Nobody waits for a thread that ended, however it ended.
impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.end();
    }
}

fn perform(shared: &Arc<Shared>, wire: &mut Wire<'_>, job: Job, until: Option<Instant>) {
    match job.work {
        Work::Step { step, answer } => {
            let outcome = wire.perform(&step, &job.guard, until, || answer.is_closed());
            // A caller that went away needs no reply.
            let _ = answer.send(outcome);
        }
        Work::Hold { at_most, answer } => hold(shared, wire, job.guard, at_most, answer),
    }
}

fn hold(
    shared: &Arc<Shared>,
    wire: &mut Wire<'_>,
    guard: Guard,
    at_most: Duration,
    answer: Answer<Held>,
) {
    let outcome = match wire.perform(&Step::Settle, &guard, None, || answer.is_closed()) {
        Ok(_) if guard.is_stale(shared.stop_count()) => Err(LineError::Stopped),
        Ok(_) => Ok(Held::new(shared.clone(), shared.grant(at_most), guard)),
        Err(error) => Err(error),
    };
    // A caller that went away drops the hold, which releases the line.
    let _ = answer.send(outcome);
}
