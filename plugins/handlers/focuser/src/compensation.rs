//! `:+#` `:-#` `:SCXX#`: the focuser follows the temperature by itself.
//!
//! No focuser tells whether it does, so what it was told is kept. What it moves by itself then is told from what was asked for by how
//! far it has to go: no farther than for a degree.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Verb;
use slewgate_sdk::{Effect, Failure, Host, json};

use crate::port::{HeldPort, Talk};
use crate::{digits, focuser};

/// Params of `compensate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compensate {
    on: bool,
    /// As the focuser counts it; the one that it has if not given.
    coefficient: Option<i8>,
}

/// The answer.
#[derive(Debug, Serialize)]
struct Compensating {
    on: bool,
    coefficient: i8,
}

impl Verb for Compensate {
    const NAME: &'static str = "compensate";
    const SUMMARY: &'static str = "Let the focuser follow the temperature by itself, or no more.";
    const EFFECT: Effect = Effect::Configure;
    const PARAMS: &'static str = r#"{"type":"object","required":["on"],"additionalProperties":false,"properties":{
"on":{"type":"boolean"},
"coefficient":{"type":"integer","minimum":-128,"maximum":127,"description":"steps for each degree that it gets warmer, as the focuser counts them; the one that it has if not given"}}}"#;
    const RESULT: &'static str = r#"{"type":"object","required":["on","coefficient"],"properties":{
"on":{"type":"boolean"},"coefficient":{"type":"integer","minimum":-128,"maximum":127}}}"#;
    const EXAMPLE: &'static str = r#"{"on":true,"coefficient":-12}"#;
}

const KEY: &str = "compensating";

pub(crate) fn compensate(host: &dyn Host, params: &Compensate) -> Result<String, Failure> {
    let held = focuser::open(host)?.hold()?;
    let coefficient = match params.coefficient {
        Some(wanted) => set_coefficient(&held, wanted)?,
        None => coefficient(&held)?,
    };
    let on = params.on;
    // Before it is on, so that what it then moves is expected, and after it is off.
    if on {
        keep(host, on)?;
    }
    held.tell(if on { ":+#" } else { ":-#" })?;
    if !on {
        keep(host, on)?;
    }
    json(&Compensating { on, coefficient })
}

/// Whether it was told to follow the temperature, if it was told at all.
pub(crate) fn is_on(host: &dyn Host) -> Option<bool> {
    match host.recall(KEY)?.as_slice() {
        b"on" => Some(true),
        b"off" => Some(false),
        _ => None,
    }
}

/// Steps that it may move by itself, at a time.
pub(crate) fn reach(host: &dyn Host, port: &impl Talk) -> Result<u16, Failure> {
    match is_on(host) {
        Some(true) => Ok(coefficient(port)?.unsigned_abs().into()),
        _ => Ok(0),
    }
}

fn set_coefficient(held: &HeldPort, wanted: i8) -> Result<i8, Failure> {
    held.tell(&format!(":SC{:02X}#", wanted.cast_unsigned()))?;
    match coefficient(held)? {
        taken if taken == wanted => Ok(taken),
        taken => Err(Failure::Refused(format!(
            "the focuser took {taken} for its coefficient, not {wanted}"
        ))),
    }
}

fn coefficient(port: &impl Talk) -> Result<i8, Failure> {
    port.ask(":GC#", |text| digits::byte(text).map(u8::cast_signed))
}

fn keep(host: &dyn Host, on: bool) -> Result<(), Failure> {
    host.keep(KEY, if on { b"on" } else { b"off" })
}
