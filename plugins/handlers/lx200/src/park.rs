//! To the park position, and awake again.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Begun;
use slewgate_sdk::{Failure, Host, Kind, Millis, Orphan, Plan, Progress, Step, json};

use crate::Note;
use crate::dialect::Stage;
use crate::mount::Mount;
use crate::port;

/// A mount on its way to where it parks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Parking {
    /// Where it was at the last look: right ascension and declination in JNow.
    pub(crate) seen: Option<(f64, f64)>,
    /// How often it was seen at rest.
    pub(crate) quiet: u8,
}

const AT_MOST: Millis = 300_000;
const WAKE_AT_MOST: Millis = 10_000;
pub(crate) const LOOK_EVERY: Millis = 500;

pub(crate) fn park(host: &dyn Host) -> Result<String, Failure> {
    let mount = Mount::answering(host)?;
    let motion = host.begin(&plan("park", AT_MOST, &Note::Park(Parking::default()))?)?;
    mount.dialect().park(&mount)?;
    json(&Begun { motion })
}

pub(crate) fn unpark(host: &dyn Host) -> Result<String, Failure> {
    let mount = Mount::answering(host)?;
    // Its way would go on, and nobody would look after it.
    if mount.dialect().under_way(&mount)? {
        return Err(Failure::Refused(
            "the mount is on its way: unpark it when it is parked".into(),
        ));
    }
    let motion = host.begin(&plan("unpark", WAKE_AT_MOST, &Note::Unpark)?)?;
    mount.dialect().unpark(&mount)?;
    json(&Begun { motion })
}

pub(crate) fn look_awake(host: &dyn Host) -> Result<Progress, Failure> {
    let mount = Mount::open(host)?;
    if mount.dialect().awake(&mount)? {
        Ok(Progress::Done)
    } else {
        again(&Note::Unpark)
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

pub(crate) fn again(note: &Note) -> Result<Progress, Failure> {
    Ok(Progress::Again(Step {
        after: LOOK_EVERY,
        note: note.bytes()?,
    }))
}

impl Parking {
    pub(crate) fn look(self, host: &dyn Host) -> Result<Progress, Failure> {
        let mount = Mount::open(host)?;
        match mount.dialect().parking(&mount, self)? {
            Stage::Again(parking) => again(&Note::Park(parking)),
            Stage::Done => Ok(Progress::Done),
            Stage::Failed(why) => Ok(Progress::Failed(why)),
        }
    }
}
