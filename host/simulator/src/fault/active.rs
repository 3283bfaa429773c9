//! A fault that was given to a mount, and how often it struck.

use super::Fault;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A fault in effect, or one that was. Clones count the same hits.
#[derive(Clone, Debug)]
pub struct ActiveFault {
    fault: Fault,
    hits: Arc<Hits>,
}

#[derive(Debug, Default)]
struct Hits {
    count: Mutex<u64>,
    grown: Condvar,
}

impl ActiveFault {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            hits: Arc::default(),
        }
    }

    /// What it is.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// How often it took effect: on replies or requests, on what a silent mount did not hear, as bursts of babble, on
    /// stops that a runaway did not obey, motions that a stuck axis did not make, positions that were lies.
    pub fn hits(&self) -> u64 {
        *self.count()
    }

    /// Waits until it took effect so often. False: not within `patience`. Blocks the thread.
    pub fn wait_for_hits(&self, count: u64, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut hits = self.count();
        while *hits < count {
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                return false;
            };
            let waited = self.hits.grown.wait_timeout(hits, left);
            (hits, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    pub(crate) fn hit(&self) {
        *self.count() += 1;
        self.hits.grown.notify_all();
    }

    fn count(&self) -> MutexGuard<'_, u64> {
        self.hits
            .count
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
