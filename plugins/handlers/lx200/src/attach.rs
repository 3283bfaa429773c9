//! What is there: asked when the line was opened, kept for every call after.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Identity, Park, Track, Unpark, Verb};
use slewgate_sdk::{Attachment, Failure, Host, LineError, Site, StopSequence, json, read};

use crate::port::{self, Port, garbled};
use crate::settings::{Dialect, Settings};
use crate::{Lx200, angles, drift, parked, status};

/// What was found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) model: String,
    pub(crate) firmware: Option<String>,
    /// Of a Classic or one that is as taciturn: see [`lacks`].
    classic: bool,
    /// Whether it shows seconds.
    pub(crate) high: bool,
    /// Its degree mark.
    pub(crate) mark: u8,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

const KEY: &str = "found";

/// A Classic writes this between degrees and minutes, and knows no verb that tells its name.
const CLASSIC_MARK: u8 = 0xdf;

pub(crate) fn attach(host: &dyn Host, settings: &Settings) -> Result<Attachment, Failure> {
    let port = Port::open(host)?;
    let ra = with_seconds(&port)?;
    let dec = port.ask(":GD#")?;
    let reading = status::reading(&ra, &dec)?;
    let mark = angles::mark(&dec);
    let classic = settings.dialect == Dialect::Classic || mark == CLASSIC_MARK;
    let found = Found {
        model: if classic {
            "LX200 Classic".into()
        } else {
            told(&port, ":GVP#")?.unwrap_or_else(|| "LX200 compatible".into())
        },
        firmware: if classic { None } else { told(&port, ":GVN#")? },
        classic,
        high: reading.high,
        mark,
        latitude: optional(port.ask(":Gt#"))?.and_then(|text| angles::declination(&text)),
        longitude: optional(port.ask(":Gg#"))?.and_then(|text| angles::longitude(&text)),
    };
    host.keep(KEY, json(&found)?.as_bytes())?;
    // Moved since the last look is not seen to move: here that difference is taken up.
    drift::judge(host, &reading, host.now())?;
    parked::attached(host, &port, reading.at)?;
    Ok(Attachment {
        lacks: lacks(&found),
        model: found.model,
        stops: vec![stop()],
    })
}

pub(crate) fn info(host: &dyn Host) -> Result<String, Failure> {
    let found = Found::recall(host)?;
    let lacks = lacks(&found);
    let commands = <Lx200 as slewgate_sdk::Handler>::describe().commands;
    json(&Identity {
        capabilities: commands
            .into_iter()
            .map(|command| command.name)
            .filter(|name| !lacks.contains(name))
            .collect(),
        model: found.model,
        firmware: found.firmware,
        protocol: "LX200",
    })
}

impl Found {
    pub(crate) fn recall(host: &dyn Host) -> Result<Self, Failure> {
        // Without it there was no mount yet.
        let kept = host.recall(KEY).ok_or(LineError::Disconnected)?;
        read(&kept)
            .map_err(|error| Failure::Internal(format!("what was kept of the mount: {error}")))
    }

    /// Where the mount believes to be, if it tells.
    pub(crate) fn site(&self) -> Option<Site> {
        Some(Site {
            latitude: self.latitude?,
            longitude: self.longitude?,
            elevation: 0.0,
        })
    }
}

/// The right ascension, after it was asked for seconds where there were none. `:U#` changes between the two and is not answered, so it is sent only to a mount
/// that was seen to be in low precision: one that shows seconds always might answer it, and every reply after would be another's.
fn with_seconds(port: &Port) -> Result<Vec<u8>, Failure> {
    let ra = match right_ascension(port) {
        // The first reply may begin with what an earlier program asked for.
        Err(Failure::Hardware(_)) => right_ascension(port),
        other => other,
    }?;
    if angles::is_high(&ra) {
        return Ok(ra);
    }
    port.tell(":U#")?;
    right_ascension(port)
}

fn right_ascension(port: &Port) -> Result<Vec<u8>, Failure> {
    let ra = port.ask(":GR#")?;
    match angles::hours(&ra) {
        Some(_) => Ok(ra),
        None => Err(garbled(":GR#", &ra)),
    }
}

/// `:Q#` stops everything, is not answered, and is obeyed at any time, also while the mount still writes a reply.
fn stop() -> StopSequence {
    StopSequence {
        role: port::ROLE.into(),
        exchanges: vec![port::silent(":Q#")],
        patience: 0,
    }
}

/// Later mounts answer these where a Classic is silent, or do not know them and answer `0`.
fn lacks(found: &Found) -> Vec<String> {
    if found.classic {
        Vec::new()
    } else {
        [Track::NAME, Park::NAME, Unpark::NAME]
            .map(String::from)
            .into()
    }
}

fn told(port: &Port, command: &str) -> Result<Option<String>, LineError> {
    let text = optional(port.ask(command))?;
    Ok(text
        .map(|text| String::from_utf8_lossy(&text).trim().to_owned())
        .filter(|text| !text.is_empty()))
}

/// Silence means that the mount does not know the question.
fn optional(reply: Result<Vec<u8>, LineError>) -> Result<Option<Vec<u8>>, LineError> {
    match reply {
        Ok(text) => Ok(Some(text)),
        Err(LineError::Timeout(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
