//! The one motor: it turns at a constant rate, between the two ends of the travel.

use crate::axis::Defect;
use crate::fault::{ActiveFault, AxisKind};
use crate::mount::{Drive, Troubles};

/// See the module. Positions are in steps from the inner end.
#[derive(Clone, Debug)]
pub(super) struct Motor {
    /// Parts of a step are kept while it turns.
    position: f64,
    /// Where it was told to go. None: it was told to stand.
    target: Option<u16>,
    /// Steps a second.
    rate: f64,
    troubles: Troubles,
}

/// A position that the motor can turn to: four hexadecimal digits are all that the language has.
pub(super) fn within_travel(position: f64) -> u16 {
    // A cast of a float saturates.
    position.round() as u16
}

impl Motor {
    /// At rest.
    pub(super) fn new(position: u16, rate: f64) -> Self {
        Self {
            position: f64::from(position),
            target: None,
            rate,
            troubles: Troubles::default(),
        }
    }

    pub(super) fn position(&self) -> u16 {
        within_travel(self.position)
    }

    /// Where it stands is this from now on; where it was going it still goes.
    pub(super) fn set_position(&mut self, position: u16) {
        self.position = f64::from(position);
    }

    pub(super) fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    pub(super) fn go_to(&mut self, position: u16) {
        self.troubles.note_order(Drive::First);
        self.target = (f64::from(position) != self.position).then_some(position);
    }

    /// As far as it obeys.
    pub(super) fn stop(&mut self) {
        if self.troubles.obeys_stop(Drive::First) {
            self.target = None;
            self.position = self.position.round();
        }
    }

    /// Whether it turns, or was told to and cannot.
    pub(super) fn is_told_to_move(&self) -> bool {
        self.target.is_some() || matches!(self.defect(), Some(Defect::Driven(_)))
    }

    /// Whether it turns.
    pub(super) fn turns(&self) -> bool {
        self.is_told_to_move() && self.defect() != Some(Defect::Stuck)
    }

    pub(super) fn suffer(&mut self, kind: AxisKind, lasts: Option<f64>, fault: ActiveFault) {
        self.troubles.add(kind, lasts, fault);
    }

    /// Returns how many troubles that ended.
    pub(super) fn cure(&mut self) -> usize {
        self.troubles.clear()
    }

    pub(super) fn faults(&self) -> Vec<ActiveFault> {
        self.troubles.faults()
    }

    /// Lets seconds pass, from the end of one trouble to that of the next.
    pub(super) fn advance(&mut self, mut seconds: f64) {
        while let Some(until) = self.troubles.next_end().filter(|until| *until <= seconds) {
            self.turn(until);
            seconds -= until;
        }
        self.turn(seconds);
    }

    fn turn(&mut self, seconds: f64) {
        match (self.defect(), self.target) {
            (Some(Defect::Stuck), _) => {}
            (Some(Defect::Driven(rate)), _) => {
                let ends = (0.0, f64::from(u16::MAX));
                self.position = (self.position + rate * seconds).clamp(ends.0, ends.1);
            }
            (None, Some(target)) => self.approach(f64::from(target), seconds),
            (None, None) => {}
        }
        self.troubles.pass(seconds);
    }

    fn approach(&mut self, target: f64, seconds: f64) {
        let (left, way) = (target - self.position, self.rate * seconds);
        if left.abs() <= way {
            self.position = target;
            self.target = None;
        } else {
            self.position += way.copysign(left);
        }
    }

    fn defect(&self) -> Option<Defect> {
        self.troubles.defect(Drive::First)
    }
}
