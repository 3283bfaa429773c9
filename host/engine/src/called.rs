//! What can be asked of every plugin that is called, whatever its world.

use std::time::{Duration, Instant};

use crate::call::{Caller, World};
use crate::quarantine::Quarantined;
use crate::usage::Usage;

/// A plugin's calls.
pub(crate) trait Called {
    /// Those since it serves, and what they took.
    fn usage(&self) -> Usage;

    /// Whether it kept failing, and is not called now.
    fn quarantined(&self) -> Option<Quarantined>;

    /// It is called again from now on. False: it was all the time.
    fn release(&self) -> bool;

    /// How many are under way or wait.
    fn calls(&self) -> usize;

    /// How long those may go on when another version has taken its place.
    fn drain(&self) -> Duration;

    /// Ends them.
    fn end_calls(&self);

    /// Drops instances that no call needed since the last time, all but one.
    fn drop_unneeded(&self);
}

impl<W: World> Called for Caller<W> {
    fn usage(&self) -> Usage {
        self.standing().figures.usage()
    }

    fn quarantined(&self) -> Option<Quarantined> {
        self.standing().quarantine.look(Instant::now())
    }

    fn release(&self) -> bool {
        let released = self.standing().quarantine.release(Instant::now());
        if released {
            self.engine().standing_changed();
        }
        released
    }

    fn calls(&self) -> usize {
        self.under_way()
    }

    fn drain(&self) -> Duration {
        self.limits().drain
    }

    fn end_calls(&self) {
        self.standing().over.notify_waiters();
    }

    fn drop_unneeded(&self) {
        self.pool().drop_unneeded();
    }
}
