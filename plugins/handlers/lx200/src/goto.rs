//! `:Sr…#` `:Sd…#` `:MS#`: to a position of the sky.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Goto, Where};
use slewgate_sdk::{
    Equatorial, Failure, Frame, Host, Kind, Millis, Orphan, Plan, Progress, Step, json,
};

use crate::attach::Found;
use crate::port::{self, Port};
use crate::{Note, angles, parked, status};

/// A slew on its way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Slew {
    /// In JNow.
    ra: f64,
    dec: f64,
    /// How often it was seen at rest elsewhere.
    astray: u8,
}

/// Half the sky at the slowest speed, and more.
const AT_MOST: Millis = 300_000;
const LOOK_EVERY: Millis = 300;

/// A mount takes a moment to set out, and shows nothing of it before.
const ASTRAY_LOOKS: u8 = 5;

/// Degrees that a mount may show beside its target and be there.
const ARRIVED: f64 = 0.25;

pub(crate) fn goto(host: &dyn Host, params: &Goto) -> Result<String, Failure> {
    let found = Found::recall(host)?;
    parked::refuse(host)?;
    let target = target(host, &found, params)?;
    let port = Port::open(host)?.hold()?;
    let ra = angles::set_ra(target, found.high);
    if !port.accepts(&ra)? {
        return Err(refused("right ascension", &ra));
    }
    let dec = angles::set_dec(target, found.high, found.mark);
    if !port.accepts(&dec)? {
        return Err(refused("declination", &dec));
    }
    let motion = host.begin(&plan(target)?)?;
    match port.refusal(":MS#")? {
        None => json(&Begun { motion }),
        Some(reason) => Err(Failure::Refused(reason)),
    }
}

fn refused(what: &str, command: &[u8]) -> Failure {
    Failure::Refused(format!(
        "the mount refused the {what} {}",
        angles::value(command)
    ))
}

/// In JNow.
fn target(host: &dyn Host, found: &Found, params: &Goto) -> Result<Equatorial, Failure> {
    let now = host.now();
    match params.target()? {
        Where::Stars(position, frame) => Ok(host.convert(position, frame, Frame::Jnow, now)),
        Where::Horizon(direction) => match found.site() {
            Some(site) => Ok(host.to_equatorial(direction, now, site)),
            None => Err(Failure::Refused(
                "the mount does not tell its site: give ra and dec".into(),
            )),
        },
    }
}

fn plan(target: Equatorial) -> Result<Plan, Failure> {
    Ok(Plan {
        role: port::ROLE.into(),
        label: "goto".into(),
        kind: Kind::Slew,
        orphan: Orphan::Complete,
        at_most: AT_MOST,
        target: Some(target),
        ending: Vec::new(),
        first_look: LOOK_EVERY,
        note: Note::Goto(Slew {
            ra: target.ra,
            dec: target.dec,
            astray: 0,
        })
        .bytes()?,
    })
}

impl Slew {
    pub(crate) fn look(self, host: &dyn Host) -> Result<Progress, Failure> {
        let port = Port::open(host)?;
        if status::shows_bars(&port)? {
            return Self { astray: 0, ..self }.again();
        }
        let target = Equatorial {
            ra: self.ra,
            dec: self.dec,
        };
        let off = host.separation(status::position(&port)?.at, target);
        if off <= ARRIVED {
            Ok(Progress::Done)
        } else if self.astray < ASTRAY_LOOKS {
            Self {
                astray: self.astray + 1,
                ..self
            }
            .again()
        } else {
            Ok(Progress::Failed(format!(
                "the mount came to rest {off:.2} degrees from its target"
            )))
        }
    }

    fn again(self) -> Result<Progress, Failure> {
        Ok(Progress::Again(Step {
            after: LOOK_EVERY,
            note: Note::Goto(self).bytes()?,
        }))
    }
}
