//! `guide`: a correction of known length.

use std::ops::RangeInclusive;

use serde::Deserialize;

use super::{Direction, Verb};
use crate::{Effect, Failure, Millis};

/// Params of `guide`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// Where to.
    pub direction: Direction,
    /// For how long.
    pub duration_ms: Millis,
}

/// The longest pulse that clients may ask of any mount, in milliseconds.
pub const LONGEST_PULSE: Millis = 60_000;

impl Guide {
    /// Whether this mount can: milliseconds.
    pub fn within(&self, range: &RangeInclusive<Millis>) -> Result<(), Failure> {
        if range.contains(&self.duration_ms) {
            return Ok(());
        }
        Err(Failure::InvalidParams(format!(
            "duration_ms: {} is not within {} to {}, which is what this mount can",
            self.duration_ms,
            range.start(),
            range.end()
        )))
    }
}

impl Verb for Guide {
    const NAME: &'static str = "guide";
    const SUMMARY: &'static str =
        "Move at the guide rate for a known time, as guiding does; answers when begun.";
    const EFFECT: Effect = Effect::Move;
    const PARAMS: &'static str = r#"{"type":"object","required":["direction","duration_ms"],"properties":{
"direction":{"enum":["north","south","east","west"]},
"duration_ms":{"description":"milliseconds; a mount may refuse very short ones","type":"integer","minimum":1,"maximum":60000}},
"additionalProperties":false}"#;
    const EXAMPLE: &'static str = r#"{"direction":"north","duration_ms":500}"#;
}
