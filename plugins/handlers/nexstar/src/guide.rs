//! `P` 0x26: a pulse, whose time the motor keeps.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Guide, LONGEST_PULSE, Verb};
use slewgate_sdk::{Failure, Host, Kind, Millis, Orphan, Plan, Progress, Step, json};

use crate::follow::Mode;
use crate::motor::Way;
use crate::mount::Mount;
use crate::{Note, port};

/// A pulse under way, or this part of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Pulse {
    way: Way,
    /// How long this part takes.
    part: Millis,
    /// How much is to follow it.
    left: Millis,
    pub(crate) followed: Mode,
}

/// Half the rate of the sky, as mounts usually guide.
const PERCENT: i8 = 50;

/// The motor counts in steps of 10 ms, at most 255 of them; longer pulses are sent in parts.
const STEP: Millis = 10;
const LONGEST_PART: Millis = 2_550;

/// How late the host may be with the end of a pulse before it ends it by itself: nothing runs on, and a part that is late is not to be
/// lost.
const LATE: Millis = 4_000;

pub(crate) fn guide(host: &dyn Host, params: &Guide) -> Result<String, Failure> {
    params.within(&(STEP..=LONGEST_PULSE))?;
    let mount = Mount::awake(host, Guide::NAME)?;
    let whole = (params.duration_ms + STEP / 2) / STEP * STEP;
    let part = whole
        .div_ceil(whole.div_ceil(LONGEST_PART))
        .next_multiple_of(STEP);
    let pulse = Pulse {
        way: Way::to(&mount, params.direction)?,
        part,
        left: whole - part,
        followed: Mode::now(&mount)?,
    };
    let motion = host.begin(&pulse.plan(params.direction.name(), whole + LATE)?)?;
    pulse.send(&mount)?;
    json(&Begun { motion })
}

impl Pulse {
    fn plan(&self, label: &str, at_most: Millis) -> Result<Plan, Failure> {
        Ok(Plan {
            role: port::ROLE.into(),
            label: label.into(),
            kind: Kind::Pulse,
            orphan: Orphan::Complete,
            at_most,
            target: None,
            ending: self.followed.ending(self.way.axis),
            first_look: self.part,
            note: Note::Pulse(*self).bytes()?,
        })
    }

    fn send(&self, mount: &Mount) -> Result<(), Failure> {
        self.way.pulse(&mount.port, PERCENT, self.part)
    }

    /// This part is over.
    pub(crate) fn look(self, host: &dyn Host) -> Result<Progress, Failure> {
        if self.left == 0 {
            return Ok(Progress::Done);
        }
        let next = Self {
            part: self.part.min(self.left),
            left: self.left.saturating_sub(self.part),
            ..self
        };
        next.send(&Mount::open(host)?)?;
        Ok(Progress::Again(Step {
            after: next.part,
            note: Note::Pulse(next).bytes()?,
        }))
    }
}
