//! What a plugin used at most of what it may: for who checks it before it serves.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::time::Budget;

/// The most that the calls of one plugin took since this was asked last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// Processor time of one call. What is shorter than a tick of the engine's clock, 2 ms, counts as nothing.
    pub computing: Duration,
    /// Time until a new instance was configured.
    pub starting: Duration,
    /// Memory of one instance, in bytes.
    pub memory: usize,
}

/// Where calls note it.
#[derive(Debug, Default)]
pub(crate) struct Peaks {
    computing: AtomicU64,
    starting: AtomicU64,
    memory: AtomicUsize,
}

impl Peaks {
    pub(crate) fn note_call(&self, budget: &Budget) {
        // Nearly every call is shorter than a tick, and writes nothing here.
        match nanos(budget.spent()) {
            0 => {}
            spent => _ = self.computing.fetch_max(spent, Ordering::Relaxed),
        }
    }

    pub(crate) fn note_start(&self, took: Duration) {
        self.starting.fetch_max(nanos(took), Ordering::Relaxed);
    }

    pub(crate) fn note_memory(&self, bytes: usize) {
        self.memory.fetch_max(bytes, Ordering::Relaxed);
    }

    pub(crate) fn take(&self) -> Peak {
        Peak {
            computing: Duration::from_nanos(self.computing.swap(0, Ordering::Relaxed)),
            starting: Duration::from_nanos(self.starting.swap(0, Ordering::Relaxed)),
            memory: self.memory.swap(0, Ordering::Relaxed),
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
