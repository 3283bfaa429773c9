//! To where the motors count from, which is where the mount is at home, and where it parks: the counterweight down, the telescope at the
//! pole. Motors have no park of their own: the handler keeps that it is parked, and the sky is not followed there.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Tracking};
use slewgate_sdk::{Failure, Host, Millis, Progress, json};

use crate::Note;
use crate::geometry::Axes;
use crate::mount::{ARRIVED, Placed};
use crate::settings::Settings;
use crate::way::{self, AT_MOST, LOOK_EVERY, Stage, Way};

const HOME: Axes = Axes {
    first: 0.0,
    second: 0.0,
};

const WAKE_AT_MOST: Millis = 10_000;

/// Which of the two it was sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    Park,
    Home,
}

/// A mount on its way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Homing {
    purpose: Purpose,
    way: Way,
}

pub(crate) fn send(
    host: &dyn Host,
    settings: Settings,
    purpose: Purpose,
) -> Result<String, Failure> {
    let placed = match purpose {
        Purpose::Park => Placed::open(host, settings)?,
        Purpose::Home => Placed::awake(host, settings)?,
    };
    let way = Way::to(&placed, placed.mount.axes()?, HOME);
    let placed = placed.held()?;
    let label = match purpose {
        Purpose::Park => "park",
        Purpose::Home => "home",
    };
    let note = Note::Homing(Homing {
        purpose,
        way: way.clone(),
    });
    let motion = host.begin(&way::plan(label, AT_MOST, &note)?)?;
    placed.mount.keep_follows(Tracking::Off)?;
    way.set_out(&placed)?;
    json(&Begun { motion })
}

pub(crate) fn unpark(host: &dyn Host, settings: Settings) -> Result<String, Failure> {
    let placed = Placed::open(host, settings)?;
    if placed.doing()?.goes() {
        return Err(Failure::Refused(
            "the mount is on its way: unpark it when it is parked".into(),
        ));
    }
    let motion = host.begin(&way::plan("unpark", WAKE_AT_MOST, &Note::Unpark)?)?;
    placed.mount.keep_parked(false)?;
    json(&Begun { motion })
}

/// Whether it stands where it was parked: somebody may have moved it by another program.
pub(crate) fn is_parked(placed: &Placed, now: Axes) -> bool {
    placed.mount.is_parked() && now.first.abs() <= ARRIVED && now.second.abs() <= ARRIVED
}

impl Homing {
    pub(crate) fn look(self, host: &dyn Host, settings: Settings) -> Result<Progress, Failure> {
        let placed = Placed::open(host, settings)?.held()?;
        match self.way.look(&placed)? {
            Stage::Going(way) => way::again(&Note::Homing(Self { way, ..self }), LOOK_EVERY),
            Stage::Failed(why) => Ok(Progress::Failed(why)),
            Stage::There => {
                if self.purpose == Purpose::Park {
                    placed.mount.keep_parked(true)?;
                }
                Ok(Progress::Done)
            }
        }
    }
}
