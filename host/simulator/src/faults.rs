//! The faults of a mount that runs.

use crate::fault::{ActiveFault, Fault};
use crate::line::WireFaults;
use crate::lx200::Lx200;
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
    mount: Arc<Mutex<Lx200>>,
    wire: Arc<WireFaults>,
    waker: Waker,
}

impl Faults {
    pub(crate) fn new(mount: Arc<Mutex<Lx200>>, wire: Arc<WireFaults>, waker: Waker) -> Self {
        Self { mount, wire, waker }
    }

    /// From now on this is wrong, beside what is already. What it returns tells how often it took effect.
    pub fn add(&self, fault: Fault) -> ActiveFault {
        let fault = ActiveFault::new(fault);
        self.mount().suffer(&fault);
        self.wire.add(&fault, Instant::now());
        self.waker.wake();
        fault
    }

    /// Nothing is wrong any more: a device that was gone comes back, and an axis does what it was told last. Returns how
    /// many faults that ended.
    pub fn clear(&self) -> usize {
        let ended = self.mount().cure() + self.wire.clear(Instant::now());
        self.waker.wake();
        ended
    }

    /// What is wrong now: first on the wire, then with the mount, each in the order in which it began.
    pub fn list(&self) -> Vec<ActiveFault> {
        let mut faults = self.wire.list(Instant::now());
        faults.extend(self.mount().faults());
        faults
    }

    fn mount(&self) -> MutexGuard<'_, Lx200> {
        self.mount.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}
