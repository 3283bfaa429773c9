//! A pulse: `:Mgn0500#` where the mount keeps the time, else `:RG#` `:Mn#` and, when the host's time is over, `:Qn#`.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Direction, Guide, LONGEST_PULSE};
use slewgate_sdk::{Failure, Host, Kind, Millis, Orphan, Plan, Progress, Step, json};

use crate::dialect::Dialect;
use crate::mount::Mount;
use crate::port::{self, HOLD};
use crate::{Note, jog};

/// A pulse under way, or this part of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Pulse {
    direction: Direction,
    /// How long this part takes.
    part: Millis,
    /// How much is to follow it.
    left: Millis,
}

/// How late the host may be with the end of a pulse before it ends it by itself, without this plugin.
const LATE: Millis = 250;
/// The same for one that the mount ends: nothing runs on, and a part that is late is not to be lost.
const LATE_PARTS: Millis = 2_000;

pub(crate) fn guide(host: &dyn Host, params: &Guide) -> Result<String, Failure> {
    let shortest = Mount::open(host)?.dialect().pulses().shortest;
    params.within(&(shortest..=LONGEST_PULSE))?;
    let mount = Mount::awake(host)?;
    let dialect = mount.dialect();
    let pulse = Pulse::first(dialect, params);
    let late = if dialect.pulses().ends {
        LATE_PARTS
    } else {
        LATE
    };
    // Nothing comes between the moment from which the time counts and the bytes.
    let held = mount.port.hold(HOLD)?;
    let motion = host.begin(&pulse.plan(params.duration_ms + late)?)?;
    held.tell(&dialect.pulse(pulse.direction, pulse.part))?;
    json(&Begun { motion })
}

impl Pulse {
    /// In parts of about the same length: none is too short.
    fn first(dialect: &dyn Dialect, params: &Guide) -> Self {
        let whole = params.duration_ms;
        let part = whole.div_ceil(whole.div_ceil(dialect.pulses().longest));
        Self {
            direction: params.direction,
            part,
            left: whole - part,
        }
    }

    fn plan(&self, at_most: Millis) -> Result<Plan, Failure> {
        Ok(Plan {
            role: port::ROLE.into(),
            label: self.direction.name().into(),
            kind: Kind::Pulse,
            orphan: Orphan::Complete,
            at_most,
            target: None,
            ending: vec![port::silent(&jog::end(self.direction))],
            first_look: self.part,
            note: Note::Pulse(*self).bytes()?,
        })
    }

    /// This part is over.
    pub(crate) fn look(self, host: &dyn Host) -> Result<Progress, Failure> {
        let mount = Mount::open(host)?;
        let dialect = mount.dialect();
        if self.left > 0 {
            let next = Self {
                part: self.part.min(self.left),
                left: self.left.saturating_sub(self.part),
                ..self
            };
            mount.port.tell(&dialect.pulse(next.direction, next.part))?;
            return Ok(Progress::Again(Step {
                after: next.part,
                note: Note::Pulse(next).bytes()?,
            }));
        }
        if !dialect.pulses().ends {
            mount.port.tell(&jog::end(self.direction))?;
        }
        Ok(Progress::Done)
    }
}
