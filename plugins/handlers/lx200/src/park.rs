//! `:hP#` and `:hW#`: to the park position, and awake again.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Begun;
use slewgate_sdk::{Equatorial, Failure, Host, Kind, Millis, Orphan, Plan, Progress, Step, json};

use crate::port::{self, Port};
use crate::{Note, drift, parked, status};

/// A mount on its way to where it parks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Parking {
    /// Where it was at the last look: right ascension and declination in JNow.
    seen: Option<(f64, f64)>,
    /// How often it was seen there.
    quiet: u8,
}

const AT_MOST: Millis = 300_000;
const LOOK_EVERY: Millis = 500;
/// It takes a moment to set out.
const QUIET_LOOKS: u8 = 3;
/// Degrees between two looks that are rest: more than the sky turns meanwhile, and than a mount without seconds rounds away.
pub(crate) const REST: f64 = 0.05;

const WAKE_AT_MOST: Millis = 10_000;

pub(crate) fn park(host: &dyn Host) -> Result<String, Failure> {
    let port = Port::open(host)?;
    let motion = host.begin(&plan("park", AT_MOST, &Note::Park(Parking::default()))?)?;
    port.tell(":hP#")?;
    json(&Begun { motion })
}

pub(crate) fn unpark(host: &dyn Host) -> Result<String, Failure> {
    let port = Port::open(host)?;
    let motion = host.begin(&plan("unpark", WAKE_AT_MOST, &Note::Unpark)?)?;
    port.tell(":hW#")?;
    parked::awake(host)?;
    drift::forget(host)?;
    json(&Begun { motion })
}

pub(crate) fn look_awake(host: &dyn Host) -> Result<Progress, Failure> {
    status::position(&Port::open(host)?)?;
    Ok(Progress::Done)
}

fn plan(label: &str, at_most: Millis, note: &Note) -> Result<Plan, Failure> {
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

impl Parking {
    pub(crate) fn look(self, host: &dyn Host) -> Result<Progress, Failure> {
        let port = Port::open(host)?;
        // None: still on its way.
        let at = if status::shows_bars(&port)? {
            None
        } else {
            Some(status::position(&port)?.at)
        };
        let next = self.seen_at(host, at);
        match at {
            Some(at) if next.quiet >= QUIET_LOOKS => {
                parked::arrived(host, &port, at)?;
                drift::forget(host)?;
                Ok(Progress::Done)
            }
            _ => next.again(),
        }
    }

    fn seen_at(self, host: &dyn Host, at: Option<Equatorial>) -> Self {
        let Some(at) = at else { return Self::default() };
        let before = self.seen.map(|(ra, dec)| Equatorial { ra, dec });
        let rests = before.is_some_and(|before| host.separation(before, at) <= REST);
        Self {
            seen: Some((at.ra, at.dec)),
            quiet: if rests { self.quiet + 1 } else { 0 },
        }
    }

    fn again(self) -> Result<Progress, Failure> {
        Ok(Progress::Again(Step {
            after: LOOK_EVERY,
            note: Note::Park(self).bytes()?,
        }))
    }
}
