//! Processor time of a call. It counts the thread's own time, so that a machine that is busy with something else does not
//! end a plugin's call; it is read only from the first tick on, so that a warm call of a microsecond pays nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The computing budget of one call. The call's future and the epoch callback of its store share it; both run on the
/// thread that polls the call, so that relaxed ordering suffices (moving a future to another thread synchronises).
#[derive(Debug, Default)]
pub(crate) struct Budget {
    limit: AtomicU64,
    spent: AtomicU64,
    entered: AtomicU64,
    ticked: AtomicBool,
}

/// Ends the call that ran out of its computing budget; found in the chain of a failed call.
#[derive(Debug, thiserror::Error)]
#[error("computed for more than {} ms", limit.as_millis())]
pub(crate) struct OutOfTime {
    limit: Duration,
}

impl Budget {
    /// For a new call.
    pub(crate) fn arm(&self, limit: Duration) {
        self.limit.store(nanos(limit), Ordering::Relaxed);
        self.spent.store(0, Ordering::Relaxed);
        self.ticked.store(false, Ordering::Relaxed);
    }

    /// The call is about to be polled.
    pub(crate) fn enter(&self) {
        if self.ticked.load(Ordering::Relaxed) {
            self.entered
                .store(nanos(platform::thread_time()), Ordering::Relaxed);
        }
    }

    /// The poll came back.
    pub(crate) fn leave(&self) {
        if self.ticked.load(Ordering::Relaxed) {
            self.spent.fetch_add(self.since_entry(), Ordering::Relaxed);
        }
    }

    /// The epoch moved while the guest computes.
    pub(crate) fn tick(&self) -> Result<(), OutOfTime> {
        if !self.ticked.swap(true, Ordering::Relaxed) {
            self.enter();
            return Ok(());
        }
        let limit = self.limit.load(Ordering::Relaxed);
        if self.spent.load(Ordering::Relaxed) + self.since_entry() > limit {
            return Err(OutOfTime {
                limit: Duration::from_nanos(limit),
            });
        }
        Ok(())
    }

    /// What the call took so far: nothing where it was shorter than a tick.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Ordering::Relaxed))
    }

    fn since_entry(&self) -> u64 {
        nanos(platform::thread_time()).saturating_sub(self.entered.load(Ordering::Relaxed))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(unix)]
mod platform {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn thread_time() -> Duration {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(
            time.tv_sec.unsigned_abs(),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        )
    }
}

#[cfg(not(unix))]
mod platform {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    /// The clock on the wall: stricter than processor time, never laxer.
    pub(super) fn thread_time() -> Duration {
        START.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_computes_on_runs_out_of_its_budget() {
        let budget = Budget::default();
        budget.arm(Duration::from_millis(5));
        budget.enter();
        let mut ticks = 0_u64;
        while budget.tick().is_ok() {
            ticks += std::hint::black_box(1);
        }
        assert!(ticks > 1, "the first ticks are within the budget");
    }

    #[test]
    fn time_between_polls_costs_nothing() {
        let budget = Budget::default();
        budget.arm(Duration::from_millis(5));
        budget.enter();
        budget.tick().unwrap();
        budget.leave();
        let outside = platform::thread_time();
        while platform::thread_time() - outside < Duration::from_millis(10) {
            std::hint::black_box(());
        }
        budget.enter();
        budget.tick().unwrap();
    }
}
