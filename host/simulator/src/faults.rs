//! The faults of an instrument that runs.

use crate::fault::{ActiveFault, Fault};
use crate::instrument::Ailing;
use crate::line::WireFaults;
use crate::terminal::Waker;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What is wrong with a [`Simulator`](crate::Simulator). Clones are of the same one; they may outlive it.
///
/// ```
/// use slewgate_simulator::{Fault, FaultError};
///
/// let fault: Fault = "drop,next=3,match=:GR".parse()?;
/// assert_eq!(fault.to_string(), "drop,next=3,match=:GR");
/// # Ok::<(), FaultError>(())
/// ```
#[derive(Clone)]
pub struct Faults {
    instrument: Arc<Mutex<dyn Ailing>>,
    wire: Arc<WireFaults>,
    waker: Waker,
}

impl Faults {
    pub(crate) fn new(
        instrument: Arc<Mutex<dyn Ailing>>,
        wire: Arc<WireFaults>,
        waker: Waker,
    ) -> Self {
        Self {
            instrument,
            wire,
            waker,
        }
    }

    /// From now on this is wrong, beside what is already. What it returns tells how often it took effect.
    pub fn add(&self, fault: Fault) -> ActiveFault {
        let fault = ActiveFault::new(fault);
        self.instrument().suffer(&fault);
        self.wire.add(&fault, Instant::now());
        self.waker.wake();
        fault
    }

    /// Nothing is wrong any more: a device that was gone comes back, and an axis does what it was told last. Returns how
    /// many faults that ended.
    pub fn clear(&self) -> usize {
        let ended = self.instrument().cure() + self.wire.clear(Instant::now());
        self.waker.wake();
        ended
    }

    /// What is wrong now: first on the wire, then with the instrument, each in the order in which it began.
    pub fn list(&self) -> Vec<ActiveFault> {
        let mut faults = self.wire.list(Instant::now());
        faults.extend(self.instrument().faults());
        faults
    }

    fn instrument(&self) -> MutexGuard<'_, dyn Ailing + 'static> {
        self.instrument
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}
