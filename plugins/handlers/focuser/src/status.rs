//! `:GP#` `:GI#` `:GN#` and the rest of what a focuser tells of itself.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Verb;
use slewgate_sdk::{Effect, Failure, Host, Millis, Moving, Observation, json};

use crate::compensation::{self, Compensate};
use crate::focuser::{self, Found};
use crate::port::Port;
use crate::settings::Settings;
use crate::speed::{self, SetSpeed};
use crate::steps::{self, SetStepMode, StepMode};
use crate::thermometer;

/// A sample is some 50 bytes both ways, 55 ms at 9600 baud: the line stays free for a stop.
pub(crate) const EVERY: Millis = 500;

/// Params of `status`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {}

/// The answer of `status`, and the data of a sample; what is not known is `null`. The host adds `as_of` and `age_ms`.
#[derive(Debug, Serialize)]
struct State {
    /// Steps from the inner end.
    position: u16,
    /// Where it was last sent.
    target: u16,
    moving: bool,
    /// The outer end of its travel.
    maximum: u16,
    steps_per_second: Option<u16>,
    step_mode: Option<StepMode>,
    /// Degrees Celsius.
    temperature: Option<f64>,
    /// Whether it follows the temperature, as far as it was told here; a focuser does not tell.
    compensating: Option<bool>,
}

impl Verb for Status {
    const NAME: &'static str = "status";
    const SUMMARY: &'static str = "Where the focuser stands, whether it moves, and how cold it is.";
    const EFFECT: Effect = Effect::Observe;
    const RESULT: &'static str = r#"{"type":"object","required":["position","target","moving","maximum"],"properties":{
"position":{"type":"integer","minimum":0,"maximum":65535,"description":"steps from the inner end"},
"target":{"type":"integer","minimum":0,"maximum":65535,"description":"where it was last sent"},
"moving":{"type":"boolean"},
"maximum":{"type":"integer","minimum":1,"maximum":65535,"description":"the outer end of its travel, in steps"},
"steps_per_second":{"enum":[16,32,63,125,250,null]},
"step_mode":{"enum":["full","half",null]},
"temperature":{"type":["number","null"],"description":"degrees Celsius"},
"compensating":{"type":["boolean","null"],"description":"whether it follows the temperature, as it was told here last"}}}"#;
}

pub(crate) fn sample(host: &dyn Host, settings: &Settings) -> Result<Observation, Failure> {
    let found = Found::recall(host)?;
    let port = Port::open(host)?;
    let has = |command: &str| !found.lacks(command);
    let state = State {
        position: focuser::position(&port)?,
        target: focuser::target(&port)?,
        moving: focuser::moves(&port)?,
        maximum: settings.maximum(),
        steps_per_second: match has(SetSpeed::NAME) {
            true => speed::speed(&port)?,
            false => None,
        },
        step_mode: match has(SetStepMode::NAME) {
            true => Some(steps::mode(&port)?),
            false => None,
        },
        temperature: match found.thermometer {
            true => thermometer::degrees(host, &port)?,
            false => None,
        },
        compensating: match has(Compensate::NAME) {
            true => compensation::is_on(host),
            false => None,
        },
    };
    Ok(Observation {
        moving: moving(host, &port, &state)?,
        position: None,
        axes: None,
        data: json(&state)?,
    })
}

/// For the host. What follows the temperature does so by itself, as a mount follows the sky, and is no motion that nobody asked for.
fn moving(host: &dyn Host, port: &Port, state: &State) -> Result<Moving, Failure> {
    let left = state.position.abs_diff(state.target);
    Ok(match state.moving {
        false => Moving::Still,
        true if left <= compensation::reach(host, port)? => Moving::Tracking,
        true => Moving::Moving,
    })
}
