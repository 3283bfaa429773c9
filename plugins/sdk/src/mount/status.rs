//! `status` and `info`: how the mount is, and what it is.

use serde::{Deserialize, Serialize};

use super::{SiteTold, Tracking, Verb};
use crate::{Effect, Equatorial, Horizontal, angle};

/// Params of `status`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {}

/// Params of `info`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Info {}

/// The answer of `status`, and the data of a sample; what is not known is `null`. The host adds `as_of` and `age_ms`.
#[derive(Debug, Serialize)]
pub struct State {
    /// Right ascension in hours, JNow.
    pub ra: f64,
    /// Declination in degrees, JNow.
    pub dec: f64,
    /// Always `JNow`.
    pub frame: &'static str,
    /// The same position for catalogues.
    pub j2000: Point,
    /// Degrees above the horizon, without refraction.
    pub altitude: Option<f64>,
    /// Degrees from north through east.
    pub azimuth: Option<f64>,
    /// What the mount follows.
    pub tracking: Option<Tracking>,
    /// Whether it is on its way.
    pub slewing: bool,
    /// Whether it stands in its park position, and stays there until it is woken.
    pub parked: Option<bool>,
    /// Where the telescope hangs on a German mount.
    pub pier_side: Option<PierSide>,
    /// The mount's own, in hours.
    pub sidereal_time: Option<f64>,
}

/// A position as clients get it, rounded to less than a mount can show.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// Right ascension in hours.
    pub ra: f64,
    /// Declination in degrees.
    pub dec: f64,
}

/// The side of the pier that the telescope is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the two sides")]
pub enum PierSide {
    East,
    West,
}

/// The answer of `info`.
#[derive(Debug, Serialize)]
pub struct Identity {
    /// Such as `LX200 Classic`.
    pub model: String,
    /// The version of its firmware, where it tells.
    pub firmware: Option<String>,
    /// The language that it speaks.
    pub protocol: &'static str,
    /// Which of the forms of that language, where there are several.
    pub dialect: Option<&'static str>,
    /// Where it believes to stand, if it tells.
    pub site: Option<SiteTold>,
    /// The commands that it has.
    pub capabilities: Vec<String>,
}

impl State {
    /// A state at a position and, where the site is known, a direction; the rest is not known.
    pub fn at(jnow: Equatorial, j2000: Equatorial, direction: Option<Horizontal>) -> Self {
        let Point { ra, dec } = jnow.into();
        Self {
            ra,
            dec,
            frame: "JNow",
            j2000: j2000.into(),
            altitude: direction.map(|d| angle::rounded(d.altitude, 4)),
            azimuth: direction.map(|d| angle::rounded(d.azimuth, 4)),
            tracking: None,
            slewing: false,
            parked: None,
            pier_side: None,
            sidereal_time: None,
        }
    }
}

impl From<Equatorial> for Point {
    fn from(position: Equatorial) -> Self {
        Self {
            ra: angle::rounded(position.ra, 6) % 24.0,
            dec: angle::rounded(position.dec, 5),
        }
    }
}

impl Verb for Status {
    const NAME: &'static str = "status";
    const SUMMARY: &'static str = "Where the mount points and what it does.";
    const EFFECT: Effect = Effect::Observe;
    const RESULT: &'static str = r##"{"type":"object","required":["ra","dec","frame","j2000","altitude","azimuth","tracking","slewing","parked","pier_side","sidereal_time"],
"properties":{
"ra":{"description":"right ascension in hours, JNow","type":"number"},
"dec":{"description":"declination in degrees, JNow","type":"number"},
"frame":{"const":"JNow"},
"j2000":{"type":"object","required":["ra","dec"],"properties":{"ra":{"type":"number"},"dec":{"type":"number"}}},
"altitude":{"description":"degrees, without refraction","type":["number","null"]},
"azimuth":{"description":"degrees from north through east","type":["number","null"]},
"tracking":{"enum":["sidereal","solar","lunar","off",null]},
"slewing":{"type":"boolean"},
"parked":{"type":["boolean","null"]},
"pier_side":{"enum":["east","west",null]},
"sidereal_time":{"description":"hours, of the mount's own clock","type":["number","null"]},
"as_of":{"description":"when this was read, UTC","type":"string"},
"age_ms":{"description":"how long ago that was","type":"integer"}}}"##;
}

impl Verb for Info {
    const NAME: &'static str = "info";
    const SUMMARY: &'static str = "Model, firmware and abilities of the mount.";
    const EFFECT: Effect = Effect::Observe;
    const RESULT: &'static str = r#"{"type":"object","required":["model","firmware","protocol","dialect","site","capabilities"],"properties":{
"model":{"type":"string"},
"firmware":{"type":["string","null"]},
"protocol":{"type":"string"},
"dialect":{"type":["string","null"]},
"site":{"type":["object","null"],"description":"degrees, north and east positive, and metres, as the mount tells it","properties":{
"latitude":{"type":"number"},"longitude":{"type":"number"},"elevation":{"type":["number","null"]}}},
"capabilities":{"type":"array","items":{"type":"string"}}}}"#;
}
