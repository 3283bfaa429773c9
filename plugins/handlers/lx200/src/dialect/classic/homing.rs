//! The search for the home marks, `:hF#`. While it goes on the mount obeys `:Q#` and `:h?#` and nothing else (manual, p. 56):
//! whoever asks it anything waits in vain. So it is kept that a search was begun, until the mount itself says that it is over.

use serde::{Deserialize, Serialize};
use slewgate_sdk::{Failure, Host, Instant, LineError, Millis, json, read};

use super::super::Stage;
use super::drift;
use crate::home::Homing;
use crate::mount::Mount;
use crate::park::LOOK_EVERY;
use crate::port::{Port, garbled};

const KEY: &str = "homing";

/// The last search is what it tells of until it has begun the new one.
const LOOKS: u8 = 4;
/// The time that they take, for those who ask in between.
const PATIENCE: Millis = 4 * LOOK_EVERY;

/// A search that was begun from here.
#[derive(Serialize, Deserialize)]
struct Begun {
    motion: u32,
    at: Instant,
}

enum Search {
    /// Never begun, or failed.
    None,
    Found,
    UnderWay,
}

pub(super) fn begin(mount: &Mount, motion: u32) -> Result<(), Failure> {
    let at = mount.host.now();
    mount
        .host
        .keep(KEY, json(&Begun { motion, at })?.as_bytes())?;
    Ok(mount.port.tell(":hF#")?)
}

/// The search of this motion was ended. Where a newer one has begun since, that one goes on.
pub(super) fn ended(host: &dyn Host, motion: u32) -> Result<(), Failure> {
    match recall(host) {
        Some(begun) if begun.motion == motion => over(host),
        _ => Ok(()),
    }
}

fn over(host: &dyn Host) -> Result<(), Failure> {
    host.keep(KEY, b"")?;
    drift::forget(host)
}

pub(super) fn look(mount: &Mount, homing: Homing) -> Result<Stage<Homing>, Failure> {
    let looks = homing.looks + 1;
    let stage = match search(&mount.port)? {
        Search::UnderWay => return Ok(Stage::Again(Homing { looks: LOOKS })),
        _ if looks < LOOKS => return Ok(Stage::Again(Homing { looks })),
        Search::Found => Stage::Done,
        Search::None => Stage::Failed("the mount did not find its home".into()),
    };
    over(mount.host)?;
    Ok(stage)
}

/// Whether it searches, as far as was begun from here. A mount that does not say so clearly may search: then nothing is believed of it.
pub(super) fn under_way(host: &dyn Host, port: &Port) -> Result<bool, Failure> {
    let Some(begun) = recall(host) else {
        return Ok(false);
    };
    match search(port)? {
        Search::UnderWay => return Ok(true),
        _ if begun.is_young(host.now()) => return Ok(true),
        _ => over(host)?,
    }
    Ok(false)
}

/// The same at an attach: another mount may be there now, which is silent or answers something else.
pub(super) fn outlasts(host: &dyn Host, port: &Port) -> Result<bool, Failure> {
    if recall(host).is_none() {
        return Ok(false);
    }
    match search(port) {
        Ok(Search::UnderWay) => return Ok(true),
        Ok(_) | Err(Failure::Hardware(_) | Failure::Line(LineError::Timeout(_))) => over(host)?,
        Err(other) => return Err(other),
    }
    Ok(false)
}

impl Begun {
    /// What the mount tells may still be of the search before.
    fn is_young(&self, now: Instant) -> bool {
        (0.0..f64::from(PATIENCE)).contains(&(now - self.at))
    }
}

fn recall(host: &dyn Host) -> Option<Begun> {
    read(&host.recall(KEY)?).ok()
}

fn search(port: &Port) -> Result<Search, Failure> {
    match port.probe_letter(":h?#")? {
        Some(b'0') => Ok(Search::None),
        Some(b'1') => Ok(Search::Found),
        Some(b'2') => Ok(Search::UnderWay),
        Some(other) => Err(garbled(":h?#", &[other])),
        None => Err(LineError::Timeout(Vec::new()).into()),
    }
}
