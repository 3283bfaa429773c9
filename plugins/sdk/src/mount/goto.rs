//! `goto`: to a position of the sky.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::Verb;
use crate::{Effect, Equatorial, Failure, Frame, Horizontal, Host, Site, angle};

/// The properties that name a position, for the schemas of `goto` and `sync`.
macro_rules! position_properties {
    () => {
        r#"
"ra":{"description":"right ascension in hours, or as text such as 05:35:17.3","type":["number","string"],"minimum":0,"exclusiveMaximum":24,"pattern":"^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?$"},
"dec":{"description":"declination in degrees, or as text such as -05:23:28","type":["number","string"],"minimum":-90,"maximum":90,"pattern":"^[+-]?([0-8]?[0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?|90:00(:00(\\.0+)?)?)$"},
"frame":{"description":"of ra and dec; J2000 if not given","enum":["J2000","JNow"]},
"altitude":{"description":"degrees above the horizon, without refraction","type":"number","minimum":-90,"maximum":90},
"azimuth":{"description":"degrees from north through east","type":"number","minimum":0,"exclusiveMaximum":360}"#
    };
}
pub(super) use position_properties;

/// Params of `goto`. [`Goto::target`] says which of the two ways was meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goto {
    pub(super) ra: Option<Hours>,
    pub(super) dec: Option<Degrees>,
    pub(super) frame: Option<FrameName>,
    pub(super) altitude: Option<f64>,
    pub(super) azimuth: Option<f64>,
}

/// Right ascension in hours, given as a number or as text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hours(pub f64);

/// Declination in degrees, given as a number or as text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Degrees(pub f64);

/// Where to go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Where {
    /// To the stars' coordinates, in this frame.
    Stars(Equatorial, Frame),
    /// To a direction above the ground.
    Horizon(Horizontal),
}

/// The frames as clients name them.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum FrameName {
    J2000,
    JNow,
}

impl Goto {
    /// The position meant.
    pub fn target(&self) -> Result<Where, Failure> {
        match (self.ra, self.dec, self.altitude, self.azimuth) {
            (Some(ra), Some(dec), None, None) => Ok(Where::Stars(
                Equatorial {
                    ra: ra.0,
                    dec: dec.0,
                },
                match self.frame {
                    None | Some(FrameName::J2000) => Frame::J2000,
                    Some(FrameName::JNow) => Frame::Jnow,
                },
            )),
            (None, None, Some(_), Some(_)) if self.frame.is_some() => Err(Failure::InvalidParams(
                "frame: it belongs to ra and dec, not to altitude and azimuth".into(),
            )),
            (None, None, Some(altitude), Some(azimuth)) => {
                Ok(Where::Horizon(Horizontal { altitude, azimuth }))
            }
            _ => Err(Failure::InvalidParams(
                "give either ra and dec, or altitude and azimuth".into(),
            )),
        }
    }
}

impl Where {
    /// The same place in JNow, seen from `site` now. Refused where a direction is meant and nobody knows the site.
    pub fn jnow(self, host: &dyn Host, site: Option<Site>) -> Result<Equatorial, Failure> {
        match (self, site) {
            (Self::Stars(position, frame), _) => {
                Ok(host.convert(position, frame, Frame::Jnow, host.now()))
            }
            (Self::Horizon(direction), Some(site)) => {
                Ok(host.to_equatorial(direction, host.now(), site))
            }
            (Self::Horizon(_), None) => Err(Failure::Refused(
                "the mount does not tell its site: give ra and dec".into(),
            )),
        }
    }
}

impl Verb for Goto {
    const NAME: &'static str = "goto";
    const SUMMARY: &'static str = "Go to a position of the sky and follow it; answers when begun.";
    const EFFECT: Effect = Effect::Move;
    const PARAMS: &'static str = concat!(
        r#"{"type":"object","properties":{"#,
        position_properties!(),
        r#"},
"dependentRequired":{"ra":["dec"],"dec":["ra"],"altitude":["azimuth"],"azimuth":["altitude"]},
"additionalProperties":false}"#
    );
    const EXAMPLE: &'static str = r#"{"ra":18.61565,"dec":38.78369,"frame":"J2000"}"#;
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hours = deserializer.deserialize_any(NumberOrText)?;
        if (0.0..24.0).contains(&hours) {
            Ok(Self(hours))
        } else {
            Err(Error::custom("ra: no right ascension in hours, 0 to 24"))
        }
    }
}

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let degrees = deserializer.deserialize_any(NumberOrText)?;
        if (-90.0..=90.0).contains(&degrees) {
            Ok(Self(degrees))
        } else {
            Err(Error::custom("dec: no declination in degrees, -90 to 90"))
        }
    }
}

/// An angle as a number, or as text in sixtieths.
struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or text such as 05:35:17.3")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        angle::parse(text.as_bytes()).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(params: &str) -> Result<Where, Failure> {
        serde_json::from_str::<Goto>(params).unwrap().target()
    }

    #[test]
    fn numbers_and_text_mean_the_same() {
        let text = target(r#"{"ra":"05:30:00","dec":"-05:15:00"}"#).unwrap();
        assert_eq!(
            text,
            Where::Stars(
                Equatorial {
                    ra: 5.5,
                    dec: -5.25
                },
                Frame::J2000
            )
        );
        assert_eq!(
            target(r#"{"ra":5.5,"dec":-5.25,"frame":"J2000"}"#).unwrap(),
            text
        );
    }

    #[test]
    fn half_a_position_or_two_are_refused() {
        for params in [
            "{}",
            r#"{"ra":1,"dec":2,"altitude":3,"azimuth":4}"#,
            r#"{"altitude":3,"azimuth":4,"frame":"JNow"}"#,
        ] {
            assert!(
                matches!(target(params), Err(Failure::InvalidParams(_))),
                "{params}"
            );
        }
    }
}
