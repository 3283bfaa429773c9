//! `P` 0x0B and 0x12: to the switches that some mounts have on their axes.

use slewgate_sdk::mount::{Begun, Home, Verb};
use slewgate_sdk::{Failure, Host, Progress, json};

use crate::Note;
use crate::follow::Mode;
use crate::goto::{again, plan};
use crate::motor::Axis;
use crate::mount::Mount;

pub(crate) fn home(host: &dyn Host) -> Result<String, Failure> {
    let mount = Mount::awake(host, Home::NAME)?;
    let followed = Mode::now(&mount)?;
    let motion = host.begin(&plan(Home::NAME, None, &Note::Home(followed))?)?;
    if mount.under_way()? {
        mount.port.order(b"M")?;
    }
    for axis in Axis::BOTH {
        axis.seek(&mount.port)?;
    }
    json(&Begun { motion })
}

/// At its switches it stands, and its hand control says so too from then on.
pub(crate) fn look(host: &dyn Host, followed: Mode) -> Result<Progress, Failure> {
    let mount = Mount::open(host)?;
    for axis in Axis::BOTH {
        if axis.has_found(&mount.port)? != Some(true) {
            return again(&Note::Home(followed));
        }
    }
    Mode::OFF.tell(&mount)?;
    Ok(Progress::Done)
}
