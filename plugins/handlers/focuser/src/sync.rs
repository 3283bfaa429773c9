//! `:SPXXXX#`: where it stands is this.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Verb;
use slewgate_sdk::{Effect, Failure, Host, json};

use crate::port::Talk;
use crate::settings::Settings;
use crate::{focuser, steps};

/// Params of `sync`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sync {
    /// Steps from the inner end.
    position: u16,
}

/// The answer.
#[derive(Debug, Serialize)]
struct Synced {
    position: u16,
}

impl Verb for Sync {
    const NAME: &'static str = "sync";
    const SUMMARY: &'static str = "Take where it stands for this position; nothing moves.";
    const EFFECT: Effect = Effect::Configure;
    const PARAMS: &'static str = r#"{"type":"object","required":["position"],"additionalProperties":false,"properties":{
"position":{"type":"integer","minimum":0,"maximum":65535,"description":"steps from the inner end; the settings may allow less"}}}"#;
    const RESULT: &'static str = r#"{"type":"object","required":["position"],"properties":{
"position":{"type":"integer","minimum":0,"maximum":65535,"description":"where the focuser then says that it stands"}}}"#;
    const EXAMPLE: &'static str = r#"{"position":30000}"#;
}

pub(crate) fn sync(host: &dyn Host, settings: &Settings, params: &Sync) -> Result<String, Failure> {
    let wanted = settings.within(params.position.into())?;
    let held = focuser::open(host)?.hold()?;
    focuser::must_stand(&held)?;
    steps::must_fit_the_travel(host, settings, &held)?;
    held.tell(&format!(":SP{wanted:04X}#"))?;
    let position = focuser::position(&held)?;
    match position == wanted {
        true => json(&Synced { position }),
        false => Err(Failure::Hardware(format!(
            "the focuser says that it stands at {position}, and was told {wanted}"
        ))),
    }
}
