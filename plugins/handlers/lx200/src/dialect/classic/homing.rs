//! The search for the home marks, `:hF#`. While it goes on the mount obeys `:Q#` and `:h?#` and nothing else (manual, p. 56):
//! whoever asks it anything waits in vain. So it is kept that a search was begun, until the mount itself says that it is over.

use slewgate_sdk::{Failure, Host, LineError};

use super::super::Stage;
use super::drift;
use crate::home::Homing;
use crate::mount::Mount;
use crate::port::{Port, garbled};

const KEY: &str = "homing";

/// The last search is what it tells of until it has begun the new one.
const LOOKS: u8 = 4;

enum Search {
    /// Never begun, or failed.
    None,
    Found,
    UnderWay,
}

pub(super) fn begin(mount: &Mount) -> Result<(), Failure> {
    mount.host.keep(KEY, b"1")?;
    Ok(mount.port.tell(":hF#")?)
}

/// It was ended, or came to its end.
pub(super) fn over(host: &dyn Host) -> Result<(), Failure> {
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

/// Whether it searches, as far as was begun from here.
pub(super) fn under_way(host: &dyn Host, port: &Port) -> Result<bool, Failure> {
    let begun = host.recall(KEY).is_some_and(|kept| !kept.is_empty());
    if !begun {
        return Ok(false);
    }
    // Another mount may be there now, which is silent.
    let searches = matches!(search(port), Ok(Search::UnderWay));
    if !searches {
        over(host)?;
    }
    Ok(searches)
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
