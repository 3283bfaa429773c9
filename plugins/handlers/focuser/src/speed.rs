//! `:SDXX#` `:GD#`: how fast it moves.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::Verb;
use slewgate_sdk::{Effect, Failure, Host, json};

use crate::port::Talk;
use crate::{digits, focuser};

/// Params of `set_speed`, and its answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetSpeed {
    steps_per_second: u16,
}

impl Verb for SetSpeed {
    const NAME: &'static str = "set_speed";
    const SUMMARY: &'static str = "Set how fast the focuser moves.";
    const EFFECT: Effect = Effect::Configure;
    const PARAMS: &'static str = r#"{"type":"object","required":["steps_per_second"],"additionalProperties":false,"properties":{
"steps_per_second":{"enum":[16,32,63,125,250]}}}"#;
    const RESULT: &'static str = r#"{"type":"object","required":["steps_per_second"],"properties":{
"steps_per_second":{"enum":[16,32,63,125,250]}}}"#;
    const EXAMPLE: &'static str = r#"{"steps_per_second":125}"#;
}

/// The delays between steps, and the steps a second that the manual has for them.
const SPEEDS: [(u8, u16); 5] = [(0x02, 250), (0x04, 125), (0x08, 63), (0x10, 32), (0x20, 16)];

pub(crate) fn set_speed(host: &dyn Host, params: &SetSpeed) -> Result<String, Failure> {
    let wanted = params.steps_per_second;
    let known = SPEEDS.iter().find(|(_, speed)| *speed == wanted);
    let (delay, _) = known.ok_or_else(|| {
        Failure::InvalidParams(format!(
            "steps_per_second: {wanted} is none of 16, 32, 63, 125 and 250"
        ))
    })?;
    let held = focuser::open(host)?.hold()?;
    held.tell(&format!(":SD{delay:02X}#"))?;
    match speed(&held)? {
        Some(speed) if speed == wanted => json(params),
        _ => Err(Failure::Refused("the focuser kept its own speed".into())),
    }
}

/// Steps a second. None: a delay that the manual does not have.
pub(crate) fn speed(port: &impl Talk) -> Result<Option<u16>, Failure> {
    let delay = port.ask(":GD#", digits::byte)?;
    let known = SPEEDS.iter().find(|(known, _)| *known == delay);
    Ok(known.map(|(_, speed)| *speed))
}
