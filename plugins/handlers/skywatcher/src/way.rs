//! From where the axes are to where they are meant to be, leg by leg.

use serde::{Deserialize, Serialize};
use slewgate_sdk::{Failure, Kind, Millis, Orphan, Plan, Progress, Step};

use crate::Note;
use crate::geometry::Axes;
use crate::mount::{ARRIVED, Placed};
use crate::port::{self, Drive};

/// The legs that are left; on the first of them it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Way {
    legs: Vec<Axes>,
    /// How often it was seen at rest elsewhere.
    astray: u8,
}

/// Where it has come to.
pub(crate) enum Stage {
    Going(Way),
    There,
    Failed(String),
}

/// Around the sky and over the pole at the slowest speed, and more.
pub(crate) const AT_MOST: Millis = 300_000;
pub(crate) const LOOK_EVERY: Millis = 300;

/// How often it is sent anew where it does not get.
const ASTRAY_LOOKS: u8 = 3;

impl Way {
    /// Over the ground, whatever lies between.
    pub(crate) fn to(placed: &Placed, from: Axes, to: Axes) -> Self {
        Self {
            legs: placed.german.way(from, to),
            astray: 0,
        }
    }

    /// Sends both axes on, from rest.
    pub(crate) fn set_out(&self, placed: &Placed) -> Result<(), Failure> {
        let Some(leg) = self.legs.first() else {
            return Ok(());
        };
        for drive in Drive::BOTH {
            placed.mount.motor(drive).rest()?;
        }
        for drive in Drive::BOTH {
            let steps = placed.mount.steps(*leg, drive);
            placed.mount.motor(drive).go(steps)?;
        }
        Ok(())
    }

    pub(crate) fn look(mut self, placed: &Placed) -> Result<Stage, Failure> {
        if placed.doing()?.moves() {
            return Ok(Stage::Going(self));
        }
        let Some(leg) = self.legs.first() else {
            return Ok(Stage::There);
        };
        let now = placed.mount.axes()?;
        let off = f64::max(
            (now.first - leg.first).abs(),
            (now.second - leg.second).abs(),
        );
        if off <= ARRIVED {
            self.legs.remove(0);
            self.astray = 0;
        } else if self.astray < ASTRAY_LOOKS {
            self.astray += 1;
        } else {
            return Ok(Stage::Failed(format!(
                "the mount came to rest {off:.2} degrees from where it was sent"
            )));
        }
        if self.legs.is_empty() {
            return Ok(Stage::There);
        }
        self.set_out(placed)?;
        Ok(Stage::Going(self))
    }
}

/// The plan of a mount that goes to a place of its own.
pub(crate) fn plan(label: &str, at_most: Millis, note: &Note) -> Result<Plan, Failure> {
    Ok(Plan {
        role: port::ROLE.into(),
        label: label.into(),
        kind: Kind::Slew,
        orphan: Orphan::Complete,
        at_most,
        target: None,
        ending: Vec::new(),
        first_look: LOOK_EVERY,
        note: note.bytes()?,
    })
}

pub(crate) fn again(note: &Note, after: Millis) -> Result<Progress, Failure> {
    Ok(Progress::Again(Step {
        after,
        note: note.bytes()?,
    }))
}
