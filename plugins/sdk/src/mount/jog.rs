//! `jog`: a button held down.

use serde::{Deserialize, Serialize};

use super::Verb;
use crate::Effect;

/// Params of `jog`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jog {
    /// Where to.
    pub direction: Direction,
    /// How fast.
    #[serde(default)]
    pub rate: Rate,
    /// How long it goes on unless it is repeated. The host keeps this time.
    #[serde(default = "usual_lease")]
    pub lease_ms: u32,
}

/// The four buttons of a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the directions of the sky")]
pub enum Direction {
    North,
    South,
    East,
    West,
}

/// The four rates of a mount, each its own idea of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rate {
    /// About that of the sky.
    Guide,
    /// To bring what is in the eyepiece to its middle.
    #[default]
    Center,
    /// To search.
    Find,
    /// The fastest.
    Slew,
}

/// The answer of `jog`.
#[derive(Debug, Serialize)]
pub struct JogBegun {
    /// Number of the motion.
    pub motion: u32,
    /// Repeat the command within this time to go on.
    pub lease_ms: u32,
}

impl Direction {
    /// The word that clients use.
    pub fn name(self) -> &'static str {
        match self {
            Self::North => "north",
            Self::South => "south",
            Self::East => "east",
            Self::West => "west",
        }
    }
}

impl Verb for Jog {
    const NAME: &'static str = "jog";
    const SUMMARY: &'static str = "Move in a direction while this is repeated; answers when begun.";
    const EFFECT: Effect = Effect::Move;
    const PARAMS: &'static str = r#"{"type":"object","required":["direction"],"properties":{
"direction":{"enum":["north","south","east","west"]},
"rate":{"description":"center if not given","enum":["guide","center","find","slew"]},
"lease_ms":{"description":"the motion ends this long after its last repetition; 1000 if not given","type":"integer","minimum":250,"maximum":10000}},
"additionalProperties":false}"#;
    const RESULT: &'static str = r#"{"type":"object","required":["motion","lease_ms"],"properties":{
"motion":{"type":"integer","minimum":0,"description":"number of the motion in the events of mount.motion"},
"lease_ms":{"type":"integer","description":"repeat the command within this time to go on"}}}"#;
    const EXAMPLE: &'static str = r#"{"direction":"north","rate":"center","lease_ms":1000}"#;
}

fn usual_lease() -> u32 {
    1000
}
