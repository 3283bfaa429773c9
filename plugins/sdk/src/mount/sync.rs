//! `sync`: what the mount points at is this.

use serde::{Deserialize, Serialize};

use super::goto::{FrameName, position_properties};
use super::{Degrees, Goto, Hours, Verb, Where};
use crate::{Effect, Equatorial, Failure, Host};

/// Degrees from the reading beyond which a sync needs `force`: such a one is mostly a mistake in the target, the site or
/// the clock, and every goto after it would go wrong by as much.
pub const SYNC_LIMIT: f64 = 5.0;

/// Params of `sync`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sync {
    ra: Option<Hours>,
    dec: Option<Degrees>,
    frame: Option<FrameName>,
    altitude: Option<f64>,
    azimuth: Option<f64>,
    #[serde(default)]
    force: bool,
}

/// The answer of `sync`.
#[derive(Debug, Serialize)]
pub struct Synced {
    /// Degrees between where the mount said that it points and what it was told.
    pub distance: f64,
}

impl Sync {
    /// The position meant.
    pub fn target(&self) -> Result<Where, Failure> {
        Goto {
            ra: self.ra,
            dec: self.dec,
            frame: self.frame,
            altitude: self.altitude,
            azimuth: self.azimuth,
        }
        .target()
    }

    /// Degrees between the reading and the target, both in JNow. Refused where that is over [`SYNC_LIMIT`] and not forced.
    pub fn distance(
        &self,
        host: &dyn Host,
        reading: Equatorial,
        target: Equatorial,
    ) -> Result<f64, Failure> {
        let distance = host.separation(reading, target);
        if distance > SYNC_LIMIT && !self.force {
            return Err(Failure::Refused(format!(
                "the target is {distance:.1} degrees from where the mount says that it points, \
                 more than {SYNC_LIMIT}: give force to sync all the same"
            )));
        }
        Ok(distance)
    }
}

impl Verb for Sync {
    const NAME: &'static str = "sync";
    const SUMMARY: &'static str = "Tell the mount that it points at a position of the sky.";
    const EFFECT: Effect = Effect::Configure;
    const PARAMS: &'static str = concat!(
        r#"{"type":"object","properties":{"#,
        position_properties!(),
        r#",
"force":{"description":"also where the position is more than 5 degrees from the reading; false if not given","type":"boolean"}},
"dependentRequired":{"ra":["dec"],"dec":["ra"],"altitude":["azimuth"],"azimuth":["altitude"]},
"additionalProperties":false}"#
    );
    const RESULT: &'static str = r#"{"type":"object","required":["distance"],"properties":{
"distance":{"description":"degrees between the reading before and the position","type":"number","minimum":0}}}"#;
    const EXAMPLE: &'static str = r#"{"ra":18.61565,"dec":38.78369,"frame":"J2000"}"#;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Script;

    const POLE: Equatorial = Equatorial { ra: 0.0, dec: 90.0 };
    const OFF: Equatorial = Equatorial { ra: 3.0, dec: 84.0 };

    fn distance(params: &str, target: Equatorial) -> Result<f64, Failure> {
        let sync: Sync = serde_json::from_str(params).unwrap();
        sync.distance(&Script::new(), POLE, target)
    }

    #[test]
    fn a_sync_far_from_the_reading_needs_force_and_the_refusal_says_how_far() {
        match distance(r#"{"ra":3,"dec":84}"#, OFF) {
            Err(Failure::Refused(why)) => assert_eq!(
                why,
                "the target is 6.0 degrees from where the mount says that it points, more than 5: give force to sync all the same"
            ),
            other => panic!("{other:?}"),
        }
        let forced = distance(r#"{"ra":3,"dec":84,"force":true}"#, OFF).unwrap();
        assert!((forced - 6.0).abs() < 1e-9);
        distance(
            r#"{"ra":3,"dec":85}"#,
            Equatorial {
                ra: 3.0,
                dec: 85.01,
            },
        )
        .unwrap();
    }
}
