//! `:SF#` `:SH#` `:GH#`: whole steps, or half ones.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Verb;
use slewgate_sdk::{Effect, Failure, Host, json};

use crate::focuser::{self, Found};
use crate::port::{HeldPort, Talk};
use crate::settings::Settings;

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

impl StepMode {
    fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Half => "half",
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Full => ":SF#",
            Self::Half => ":SH#",
        }
    }
}

pub(crate) fn set_step_mode(
    host: &dyn Host,
    settings: &Settings,
    params: &SetStepMode,
) -> Result<String, Failure> {
    let wanted = params.mode;
    must_measure_the_travel(settings, wanted)?;
    let held = focuser::open(host)?.hold()?;
    focuser::must_stand(&held)?;
    held.tell(wanted.command())?;
    match mode(&held)? {
        taken if taken == wanted => json(params),
        kept => Err(Failure::Refused(format!(
            "the focuser kept its {} steps",
            kept.word()
        ))),
    }
}

/// Refuses where positions are counted in other steps than the settings measure the travel by. A focuser counts on where it is
/// when its steps change, so that then neither end is where its number says.
pub(crate) fn must_fit_the_travel(
    host: &dyn Host,
    settings: &Settings,
    held: &HeldPort,
) -> Result<(), Failure> {
    let tells = !Found::recall(host)?.lacks(SetStepMode::NAME);
    match settings.maximum_mode() {
        Some(_) if tells => must_measure_the_travel(settings, mode(held)?),
        _ => Ok(()),
    }
}

fn must_measure_the_travel(settings: &Settings, mode: StepMode) -> Result<(), Failure> {
    match settings.maximum_mode() {
        Some(measured) if measured != mode => Err(Failure::Refused(format!(
            "maximum, the end of the travel, is in {} steps, and these are {} ones: use set_step_mode, or measure it in {} steps and \
             say so by maximum_mode in the settings",
            measured.word(),
            mode.word(),
            mode.word()
        ))),
        _ => Ok(()),
    }
}

pub(crate) fn mode(port: &impl Talk) -> Result<StepMode, Failure> {
    port.ask(":GH#", |text| match text {
        b"00" => Some(StepMode::Full),
        b"FF" | b"ff" => Some(StepMode::Half),
        _ => None,
    })
}
