//! What is wrong with the axes, and for how long.

use super::Drive;
use crate::axis::Defect;
use crate::fault::{ActiveFault, AxisKind};

/// Several may be wrong at once; the newest of an axis is felt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Troubles(Vec<Trouble>);

#[derive(Clone, Debug)]
struct Trouble {
    kind: AxisKind,
    /// Seconds that it still lasts; None: until it is cured.
    left: Option<f64>,
    /// Stops that it still does not obey; None: none is obeyed.
    ignores: Option<u32>,
    fault: ActiveFault,
}

impl Troubles {
    pub(crate) fn add(&mut self, kind: AxisKind, left: Option<f64>, fault: ActiveFault) {
        self.0.push(Trouble {
            kind,
            left,
            ignores: kind.ignores(),
            fault,
        });
    }

    /// Returns how many there were.
    pub(crate) fn clear(&mut self) -> usize {
        std::mem::take(&mut self.0).len()
    }

    pub(crate) fn faults(&self) -> Vec<ActiveFault> {
        self.0.iter().map(|trouble| trouble.fault.clone()).collect()
    }

    /// What keeps an axis from its order.
    pub(crate) fn defect(&self, drive: Drive) -> Option<Defect> {
        let mut newest = self.0.iter().rev();
        newest.find_map(|trouble| match trouble.kind {
            AxisKind::Stuck(stuck) if stuck == drive => Some(Defect::Stuck),
            AxisKind::Runaway {
                drive: runs,
                rate: Some(rate),
                ..
            } if runs == drive => Some(Defect::Driven(rate)),
            _ => None,
        })
    }

    /// Whether an axis obeys a stop now. The one that a runaway obeys ends it.
    pub(crate) fn obeys_stop(&mut self, drive: Drive) -> bool {
        self.0
            .retain(|trouble| !(trouble.runs_away(drive) && trouble.ignores == Some(0)));
        let mut obeys = true;
        for trouble in self.0.iter_mut().filter(|trouble| trouble.runs_away(drive)) {
            trouble.ignores = trouble.ignores.map(|stops| stops.saturating_sub(1));
            trouble.fault.hit();
            obeys = false;
        }
        obeys
    }

    /// An axis was told to move: a stuck one does not.
    pub(crate) fn note_order(&self, drive: Drive) {
        let stuck = self
            .0
            .iter()
            .filter(|trouble| trouble.kind == AxisKind::Stuck(drive));
        stuck.for_each(|trouble| trouble.fault.hit());
    }

    /// Seconds until the next one ends by itself.
    pub(crate) fn next_end(&self) -> Option<f64> {
        let ends = self.0.iter().filter_map(|trouble| trouble.left);
        ends.min_by(f64::total_cmp)
    }

    /// Lets seconds pass, and those end whose time is over.
    pub(crate) fn pass(&mut self, seconds: f64) {
        self.0.retain_mut(|trouble| {
            trouble.left = trouble.left.map(|left| left - seconds);
            trouble.left.is_none_or(|left| left > 0.0)
        });
    }
}

impl Trouble {
    fn runs_away(&self, drive: Drive) -> bool {
        matches!(self.kind, AxisKind::Runaway { drive: runs, .. } if runs == drive)
    }
}

impl AxisKind {
    fn ignores(self) -> Option<u32> {
        match self {
            Self::Runaway { ignores, .. } => ignores,
            Self::Stuck(_) => None,
        }
    }
}
