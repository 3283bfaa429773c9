//! `:SF#` `:SH#` `:GH#`: whole steps, or half ones.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Verb;
use slewgate_sdk::{Effect, Failure, Host, json};

use crate::focuser;
use crate::port::Talk;

/// Params of `set_step_mode`, and its answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetStepMode {
    mode: StepMode,
}

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StepMode {
    Full,
    Half,
}

impl Verb for SetStepMode {
    const NAME: &'static str = "set_step_mode";
    const SUMMARY: &'static str = "Make each step a full or a half one.";
    const EFFECT: Effect = Effect::Configure;
    const PARAMS: &'static str = r#"{"type":"object","required":["mode"],"additionalProperties":false,"properties":{
"mode":{"enum":["full","half"]}}}"#;
    const RESULT: &'static str =
        r#"{"type":"object","required":["mode"],"properties":{"mode":{"enum":["full","half"]}}}"#;
    const EXAMPLE: &'static str = r#"{"mode":"half"}"#;
}

pub(crate) fn set_step_mode(host: &dyn Host, params: &SetStepMode) -> Result<String, Failure> {
    let (command, kept) = match params.mode {
        StepMode::Full => (":SF#", "the focuser kept its half steps"),
        StepMode::Half => (":SH#", "the focuser kept its full steps"),
    };
    let held = focuser::open(host)?.hold()?;
    focuser::must_stand(&held)?;
    held.tell(command)?;
    match mode(&held)? == params.mode {
        true => json(params),
        false => Err(Failure::Refused(kept.into())),
    }
}

pub(crate) fn mode(port: &impl Talk) -> Result<StepMode, Failure> {
    port.ask(":GH#", |text| match text {
        b"00" => Some(StepMode::Full),
        b"FF" | b"ff" => Some(StepMode::Half),
        _ => None,
    })
}
