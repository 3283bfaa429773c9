//! To where the mount counts from.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Begun;
use slewgate_sdk::{Failure, Host, Millis, Progress, json};

use crate::Note;
use crate::dialect::Stage;
use crate::mount::Mount;
use crate::park::{again, plan};

/// A mount on its way home.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Homing {
    /// How often it was looked at since it last was on its way.
    pub(crate) looks: u8,
}

/// A search for marks goes all around.
const AT_MOST: Millis = 600_000;

pub(crate) fn home(host: &dyn Host) -> Result<String, Failure> {
    let mount = Mount::awake(host)?;
    let motion = host.begin(&plan("home", AT_MOST, &Note::Home(Homing::default()))?)?;
    mount.dialect().home(&mount, motion)?;
    json(&Begun { motion })
}

impl Homing {
    pub(crate) fn look(self, host: &dyn Host) -> Result<Progress, Failure> {
        let mount = Mount::open(host)?;
        match mount.dialect().homing(&mount, self)? {
            Stage::Again(homing) => again(&Note::Home(homing)),
            Stage::Done => Ok(Progress::Done),
            Stage::Failed(why) => Ok(Progress::Failed(why)),
        }
    }
}

/// The host ended it.
pub(crate) fn ended(host: &dyn Host, motion: u32) -> Result<Progress, Failure> {
    let mount = Mount::open(host)?;
    mount.dialect().homed(host, motion)?;
    Ok(Progress::Done)
}
