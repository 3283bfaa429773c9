//! `:Sr…#` `:Sd…#` `:MS#`: to a position of the sky.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Goto};
use slewgate_sdk::{Equatorial, Failure, Host, Kind, Millis, Orphan, Plan, Progress, Step, json};

use crate::mount::Mount;
use crate::port::{self, HOLD, HeldPort};
use crate::{Note, angles, status};

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
    let meant = params.target()?;
    let mount = Mount::awake(host)?;
    let target = meant.jnow(host, mount.found.site())?;
    let held = mount.port.hold(HOLD)?;
    set_target(&mount, &held, target)?;
    let motion = host.begin(&plan(target)?)?;
    match mount.dialect().set_out(&mount, &held)? {
        None => json(&Begun { motion }),
        Some(reason) => Err(Failure::Refused(reason)),
    }
}

/// The target of the orders that follow, in JNow.
pub(crate) fn set_target(
    mount: &Mount,
    held: &HeldPort,
    target: Equatorial,
) -> Result<(), Failure> {
    let found = &mount.found;
    let ra = angles::set_ra(target, found.high);
    let dec = angles::set_dec(target, found.high, found.mark);
    for (what, command) in [("right ascension", ra), ("declination", dec)] {
        if !held.accepts(&command)? {
            return Err(refused(what, &command));
        }
    }
    Ok(())
}

/// The mount did not take a value.
pub(crate) fn refused(what: &str, command: &[u8]) -> Failure {
    let value = angles::value(command);
    Failure::Refused(format!("the mount refused the {what} {value}"))
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
        let mount = Mount::open(host)?;
        if mount.dialect().under_way(&mount)? {
            return Self { astray: 0, ..self }.again();
        }
        let target = Equatorial {
            ra: self.ra,
            dec: self.dec,
        };
        let off = host.separation(status::position(&mount.port)?.at, target);
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
