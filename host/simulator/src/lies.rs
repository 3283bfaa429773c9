//! What is wrong with the position that it tells.

use crate::fault::{ActiveFault, LieKind};
use crate::mount::Drive;

/// Those in effect: offsets add up, and the newest frozen position is told. A position is whatever the instrument tells.
#[derive(Debug)]
pub(crate) struct Lies<P>(Vec<Lie<P>>);

#[derive(Debug)]
struct Lie<P> {
    told: Told<P>,
    /// The instant at which it ends; infinite: when it is cleared.
    until: f64,
    fault: ActiveFault,
}

#[derive(Clone, Copy, Debug)]
enum Told<P> {
    /// To add to each axis, in its own unit.
    Off(f64, f64),
    /// This, whatever is so.
    Frozen(P),
}

impl<P> Default for Lies<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P: Copy> Lies<P> {
    /// `told` is what it tells now.
    pub(crate) fn add(&mut self, kind: LieKind, told: P, until: f64, fault: ActiveFault) {
        let told = match kind {
            LieKind::Frozen => Told::Frozen(told),
            LieKind::Off { degrees, drive } => match drive {
                Drive::First => Told::Off(degrees, 0.0),
                Drive::Second => Told::Off(0.0, degrees),
            },
        };
        self.0.push(Lie { told, until, fault });
    }

    /// Returns how many there were.
    pub(crate) fn clear(&mut self) -> usize {
        std::mem::take(&mut self.0).len()
    }

    /// Those whose time is over end.
    pub(crate) fn expire(&mut self, now: f64) {
        self.0.retain(|lie| lie.until > now);
    }

    pub(crate) fn faults(&self) -> impl Iterator<Item = ActiveFault> {
        self.0.iter().map(|lie| lie.fault.clone())
    }

    /// How much further each axis is told to be.
    pub(crate) fn off(&self) -> (f64, f64) {
        self.0.iter().fold((0.0, 0.0), |sum, lie| match lie.told {
            Told::Off(first, second) => (sum.0 + first, sum.1 + second),
            Told::Frozen(_) => sum,
        })
    }

    /// The position that is told instead of any other.
    pub(crate) fn frozen(&self) -> Option<P> {
        self.0.iter().rev().find_map(|lie| match lie.told {
            Told::Frozen(position) => Some(position),
            Told::Off(..) => None,
        })
    }

    /// A position was told.
    pub(crate) fn note_told(&self) {
        self.0.iter().for_each(|lie| lie.fault.hit());
    }
}
