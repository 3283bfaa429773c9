//! The focuser that was found, for the time of a call.

use serde::{Deserialize, Serialize};
use slewgate_sdk::{Failure, Host, LineError, json, read};

use crate::digits;
use crate::port::{Port, Talk};

/// What was found when the line was opened, kept for every call after.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    /// Such as `1.0`, where it tells.
    pub(crate) firmware: Option<String>,
    /// Commands of `describe` that it has no verbs for.
    pub(crate) lacks: Vec<String>,
    /// Whether it tells a temperature.
    pub(crate) thermometer: bool,
}

const KEY: &str = "found";

impl Found {
    /// Without it there was no focuser yet, or only for another version, and an attach follows.
    pub(crate) fn recall(host: &dyn Host) -> Result<Self, LineError> {
        let kept = host.recall(KEY);
        let found = kept.and_then(|kept| read(&kept).ok());
        found.ok_or(LineError::Disconnected)
    }

    pub(crate) fn keep(&self, host: &dyn Host) -> Result<(), Failure> {
        host.keep(KEY, json(self)?.as_bytes())
    }

    pub(crate) fn lacks(&self, command: &str) -> bool {
        self.lacks.iter().any(|lacking| lacking == command)
    }
}

/// A focuser that was found: the line to it.
pub(crate) fn open(host: &dyn Host) -> Result<Port, Failure> {
    Found::recall(host)?;
    Ok(Port::open(host)?)
}

/// Where it stands, in steps.
pub(crate) fn position(port: &impl Talk) -> Result<u16, Failure> {
    port.ask(":GP#", digits::word)
}

/// Where it was last sent.
pub(crate) fn target(port: &impl Talk) -> Result<u16, Failure> {
    port.ask(":GN#", digits::word)
}

/// Whether its motor turns. Some leave out the zero before, as INDI's driver has found.
pub(crate) fn moves(port: &impl Talk) -> Result<bool, Failure> {
    port.ask(":GI#", |text| match text {
        b"01" | b"1" => Some(true),
        b"00" | b"0" => Some(false),
        _ => None,
    })
}

/// Refuses what would not be right while it moves.
pub(crate) fn must_stand(port: &impl Talk) -> Result<(), Failure> {
    match moves(port)? {
        false => Ok(()),
        true => Err(Failure::Refused(
            "the focuser is on its way: wait until it stands, or stop it".into(),
        )),
    }
}
