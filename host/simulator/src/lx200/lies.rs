//! What is wrong with the position that it tells.

use crate::fault::{ActiveFault, LieKind};
use crate::mount::Drive;
use slewgate_sky::Equatorial;

/// Those in effect: offsets add up, and the newest frozen position is told.
#[derive(Debug, Default)]
pub(super) struct Lies(Vec<Lie>);

#[derive(Debug)]
struct Lie {
    told: Told,
    /// The instant at which it ends; infinite: when it is cleared.
    until: f64,
    fault: ActiveFault,
}

#[derive(Clone, Copy, Debug)]
enum Told {
    /// Degrees to add to each axis.
    Off(f64, f64),
    /// This, whatever is so.
    Frozen(Equatorial),
}

impl Lies {
    /// `told` is what it tells now.
    pub(super) fn add(&mut self, kind: LieKind, told: Equatorial, until: f64, fault: ActiveFault) {
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
    pub(super) fn clear(&mut self) -> usize {
        std::mem::take(&mut self.0).len()
    }

    /// Those whose time is over end.
    pub(super) fn expire(&mut self, now: f64) {
        self.0.retain(|lie| lie.until > now);
    }

    pub(super) fn faults(&self) -> impl Iterator<Item = ActiveFault> {
        self.0.iter().map(|lie| lie.fault.clone())
    }

    /// Degrees that each axis is told to be further.
    pub(super) fn off(&self) -> (f64, f64) {
        self.0.iter().fold((0.0, 0.0), |sum, lie| match lie.told {
            Told::Off(first, second) => (sum.0 + first, sum.1 + second),
            Told::Frozen(_) => sum,
        })
    }

    /// The position that is told instead of any other.
    pub(super) fn frozen(&self) -> Option<Equatorial> {
        self.0.iter().rev().find_map(|lie| match lie.told {
            Told::Frozen(position) => Some(position),
            Told::Off(..) => None,
        })
    }

    /// A position was told.
    pub(super) fn note_told(&self) {
        self.0.iter().for_each(|lie| lie.fault.hit());
    }
}
