//! `R34AB,12CE`, `r34AB0500,12CE0500`: to a position of the sky.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Goto, Verb};
use slewgate_sdk::{Equatorial, Failure, Host, Kind, Millis, Orphan, Plan, Progress, Step, json};

use crate::follow::Mode;
use crate::mount::Mount;
use crate::{Note, port};

/// A slew on its way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Slew {
    /// In JNow.
    ra: f64,
    dec: f64,
    /// How often it was seen at rest elsewhere.
    astray: u8,
    /// What the mount followed before, and what it is to follow there.
    pub(crate) followed: Mode,
    follows: Mode,
}

/// Where a mount that was sent somewhere is.
pub(crate) enum Way {
    On,
    There,
    /// It rests so many degrees from there.
    Off(f64),
}

/// Half the sky at the slowest speed, and more.
pub(crate) const AT_MOST: Millis = 300_000;
pub(crate) const LOOK_EVERY: Millis = 500;

/// A mount takes a moment to set out, and shows nothing of it before.
pub(crate) const ASTRAY_LOOKS: u8 = 4;

/// Degrees that a mount may show beside its target and be there.
const ARRIVED: f64 = 0.25;

pub(crate) fn goto(host: &dyn Host, params: &Goto) -> Result<String, Failure> {
    let meant = params.target()?;
    let mount = Mount::aligned(host, Goto::NAME)?;
    let target = meant.jnow(host, mount.found.site())?;
    let followed = Mode::now(&mount)?;
    let slew = Slew {
        ra: target.ra,
        dec: target.dec,
        astray: 0,
        followed,
        follows: followed.or_usual(&mount),
    };
    let motion = host.begin(&plan("goto", Some(target), &Note::Goto(slew))?)?;
    set_out(&mount, target)?;
    json(&Begun { motion })
}

/// Sends it there, in the place of where it is going.
pub(crate) fn set_out(mount: &Mount, target: Equatorial) -> Result<(), Failure> {
    if mount.under_way()? {
        mount.port.order(b"M")?;
    }
    let order = mount.found.precision().command(b'R', target);
    mount.port.order(&order)
}

/// The plan of a mount that goes to a place by itself.
pub(crate) fn plan(label: &str, target: Option<Equatorial>, note: &Note) -> Result<Plan, Failure> {
    Ok(Plan {
        role: port::ROLE.into(),
        label: label.into(),
        kind: Kind::Slew,
        orphan: Orphan::Complete,
        at_most: AT_MOST,
        target,
        ending: Vec::new(),
        first_look: LOOK_EVERY,
        note: note.bytes()?,
    })
}

pub(crate) fn again(note: &Note) -> Result<Progress, Failure> {
    Ok(Progress::Again(Step {
        after: LOOK_EVERY,
        note: note.bytes()?,
    }))
}

impl Way {
    pub(crate) fn to(mount: &Mount, target: Equatorial) -> Result<Self, Failure> {
        if mount.under_way()? {
            return Ok(Self::On);
        }
        let off = mount.host.separation(mount.position()?, target);
        Ok(match off <= ARRIVED {
            true => Self::There,
            false => Self::Off(off),
        })
    }
}

/// A goto that it does not make, it passes over in silence.
pub(crate) fn astray(off: f64) -> Progress {
    Progress::Failed(format!(
        "the mount came to rest {off:.2} degrees from its target: it says nothing of a goto beyond its slew limits, or that was \
         stopped at its hand control"
    ))
}

impl Slew {
    pub(crate) fn look(self, host: &dyn Host) -> Result<Progress, Failure> {
        let mount = Mount::open(host)?;
        let target = Equatorial {
            ra: self.ra,
            dec: self.dec,
        };
        let astray_looks = match Way::to(&mount, target)? {
            Way::On => 0,
            Way::There => {
                // What a slew by rate took along before, or was off, it follows from here.
                self.follows.put_back(&mount)?;
                return Ok(Progress::Done);
            }
            Way::Off(off) if self.astray >= ASTRAY_LOOKS => return Ok(astray(off)),
            Way::Off(_) => self.astray + 1,
        };
        again(&Note::Goto(Self {
            astray: astray_looks,
            ..self
        }))
    }
}
