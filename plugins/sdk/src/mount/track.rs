//! `track`: what the mount follows.

use serde::{Deserialize, Serialize};

use super::Verb;
use crate::Effect;

/// Params of `track`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// What to follow.
    pub mode: Tracking,
}

/// What a mount follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tracking {
    /// The stars.
    Sidereal,
    /// The Sun.
    Solar,
    /// The Moon.
    Lunar,
    /// Nothing: it stands still against the ground.
    Off,
}

/// The answer of `track`.
#[derive(Debug, Serialize)]
pub struct TrackingSet {
    /// What it follows now.
    pub tracking: Tracking,
}

impl Verb for Track {
    const NAME: &'static str = "track";
    const SUMMARY: &'static str = "Follow the stars, the Sun or the Moon, or stand still.";
    const EFFECT: Effect = Effect::Configure;
    const PARAMS: &'static str = r#"{"type":"object","required":["mode"],"properties":{
"mode":{"enum":["sidereal","solar","lunar","off"]}},"additionalProperties":false}"#;
    const RESULT: &'static str = r#"{"type":"object","required":["tracking"],"properties":{
"tracking":{"enum":["sidereal","solar","lunar","off"]}}}"#;
    const EXAMPLE: &'static str = r#"{"mode":"sidereal"}"#;
}
