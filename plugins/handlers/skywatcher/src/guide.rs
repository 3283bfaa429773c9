//! A pulse: the sky at one and a half times or half its speed, or the other axis at half of it; the host keeps the time.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Direction, Guide, LONGEST_PULSE};
use slewgate_sdk::{Exchange, Failure, Host, Kind, Millis, Orphan, Plan, Progress, json};

use crate::motor::SIDEREAL;
use crate::mount::{Mount, Placed};
use crate::port::{self, Drive};
use crate::settings::Settings;
use crate::{Note, jog, number, track};

/// A pulse under way.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Pulse {
    first: bool,
    /// The period to go back to; none: to rest.
    followed: Option<u32>,
}

/// Of the speed of the sky.
const GUIDE: f64 = 0.5;

/// Setting a motor going takes most of it.
const SHORTEST: Millis = 20;

/// How late the host may be with the end of a pulse before it ends it by itself, without this plugin.
const LATE: Millis = 250;

pub(crate) fn guide(
    host: &dyn Host,
    settings: Settings,
    params: &Guide,
) -> Result<String, Failure> {
    params.within(&(SHORTEST..=LONGEST_PULSE))?;
    let placed = Placed::awake(host, settings)?;
    let (drive, sign) = jog::turn(&placed, params.direction)?;
    let gear = placed.mount.motor(drive).gear;
    let follows = match drive {
        Drive::First => placed.doing()?.follows,
        Drive::Second => None,
    };
    let sky = placed.german.sense() * follows.map_or(0.0, track::rate);
    let pulse = Pulse {
        first: drive == Drive::First,
        followed: follows.map(|_| gear.pace(sky).period),
    };
    // Nothing comes between the moment from which the time counts and the bytes.
    let placed = placed.held()?;
    let motor = placed.mount.motor(drive);
    let motion = host.begin(&pulse.plan(params)?)?;
    let rate = sky + sign * GUIDE * SIDEREAL;
    match pulse.followed {
        Some(_) => motor.tell('I', &number::written(gear.pace(rate).period))?,
        None => motor.run(rate)?,
    }
    json(&Begun { motion })
}

impl Pulse {
    fn plan(self, params: &Guide) -> Result<Plan, Failure> {
        let Guide {
            direction,
            duration_ms,
        } = *params;
        Ok(Plan {
            role: port::ROLE.into(),
            label: Direction::name(direction).into(),
            kind: Kind::Pulse,
            orphan: Orphan::Complete,
            at_most: duration_ms + LATE,
            target: None,
            ending: vec![self.ending()],
            first_look: duration_ms,
            note: Note::Pulse(self).bytes()?,
        })
    }

    fn ending(self) -> Exchange {
        let (letter, digits) = self.end();
        port::ending(letter, self.drive(), &digits)
    }

    /// It is over.
    pub(crate) fn look(self, host: &dyn Host, settings: Settings) -> Result<Progress, Failure> {
        let mount = Mount::open(host, settings)?;
        let (letter, digits) = self.end();
        mount.port.tell(letter, self.drive(), &digits)?;
        Ok(Progress::Done)
    }

    /// Back to the period, or at once to rest: so slow a motor needs no braking.
    fn end(self) -> (char, String) {
        match self.followed {
            Some(period) => ('I', number::written(period)),
            None => ('L', String::new()),
        }
    }

    fn drive(self) -> Drive {
        if self.first {
            Drive::First
        } else {
            Drive::Second
        }
    }
}
