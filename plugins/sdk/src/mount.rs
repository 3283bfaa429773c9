//! The commands that clients know of every mount, typed: a handler that takes these from here speaks as the others do.

mod goto;
mod guide;
mod jog;
mod park;
mod place;
mod status;
mod sync;
mod track;

pub use goto::{Degrees, Goto, Hours, Where};
pub use guide::{Guide, LONGEST_PULSE};
pub use jog::{Direction, Jog, JogBegun, Rate};
pub use park::{Home, Park, Unpark};
pub use place::{SetSite, SetTime, SiteTold, TimeSet};
pub use status::{Identity, Info, PierSide, Point, State, Status};
pub use sync::{SYNC_LIMIT, Sync, Synced};
pub use track::{Track, Tracking, TrackingSet};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Command, Effect};

/// A command: its params are the type, the rest is what `describe` tells of it.
pub trait Verb: DeserializeOwned {
    /// What clients call, behind the plugin's name.
    const NAME: &'static str;
    /// One sentence, for people.
    const SUMMARY: &'static str;
    /// What it can do to the world.
    const EFFECT: Effect;
    /// JSON Schema of the params.
    const PARAMS: &'static str = NO_PARAMS;
    /// JSON Schema of the result.
    const RESULT: &'static str = BEGUN;
    /// Params of a typical call.
    const EXAMPLE: &'static str = "{}";
}

/// `V` as `describe` tells it.
pub fn command<V: Verb>() -> Command {
    Command {
        name: V::NAME.into(),
        summary: V::SUMMARY.into(),
        effect: V::EFFECT,
        params_schema: V::PARAMS.into(),
        result_schema: V::RESULT.into(),
        example: V::EXAMPLE.into(),
    }
}

const NO_PARAMS: &str = r#"{"type":"object","properties":{},"additionalProperties":false}"#;

const BEGUN: &str = r#"{"type":"object","required":["motion"],"properties":{
"motion":{"type":"integer","minimum":0,"description":"number of the motion in the events of mount.motion"}}}"#;

/// The answer of a command that began a motion.
#[derive(Debug, Serialize)]
pub struct Begun {
    /// Its number.
    pub motion: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn holds<V: Verb>(good: &[&str], bad: &[&str]) {
        let schema: Value = serde_json::from_str(V::PARAMS).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        for text in good.iter().chain(&[V::EXAMPLE]) {
            let params: Value = serde_json::from_str(text).unwrap();
            assert!(
                schema.is_valid(&params),
                "{} does not fit the schema of {}",
                text,
                V::NAME
            );
            assert!(
                serde_json::from_str::<V>(text).is_ok(),
                "{} is not read by {}",
                text,
                V::NAME
            );
        }
        for text in bad {
            let params: Value = serde_json::from_str(text).unwrap();
            assert!(
                !schema.is_valid(&params),
                "{} fits the schema of {}",
                text,
                V::NAME
            );
        }
        let result: Value = serde_json::from_str(V::RESULT).unwrap();
        jsonschema::validator_for(&result).unwrap();
    }

    #[test]
    fn schemas_hold_what_the_types_read_and_nothing_else() {
        holds::<Goto>(
            &[
                r#"{"ra":0,"dec":-90}"#,
                r#"{"ra":23.99,"dec":90,"frame":"JNow"}"#,
                r#"{"ra":"23:59:59.9","dec":"+90:00:00"}"#,
                r#"{"ra":"5:35","dec":"-05:23:28"}"#,
                r#"{"altitude":45.5,"azimuth":0}"#,
            ],
            &[
                r#"{"ra":24,"dec":0}"#,
                r#"{"ra":-0.1,"dec":0}"#,
                r#"{"ra":1,"dec":90.1}"#,
                r#"{"ra":1}"#,
                r#"{"dec":1}"#,
                r#"{"altitude":1}"#,
                r#"{"ra":"24:00:00","dec":0}"#,
                r#"{"ra":"05:61","dec":0}"#,
                r#"{"ra":1,"dec":"90:00:01"}"#,
                r#"{"ra":1,"dec":2,"frame":"B1950"}"#,
                r#"{"ra":1,"dec":2,"fast":true}"#,
                r#"{"altitude":91,"azimuth":0}"#,
                r#"{"altitude":1,"azimuth":360}"#,
                r#"{"ra":null,"dec":2}"#,
            ],
        );
        holds::<Jog>(
            &[
                r#"{"direction":"west"}"#,
                r#"{"direction":"west","rate":"slew","lease_ms":250}"#,
            ],
            &[
                r#"{}"#,
                r#"{"direction":"up"}"#,
                r#"{"direction":"west","lease_ms":249}"#,
                r#"{"direction":"west","lease_ms":10001}"#,
                r#"{"direction":"west","lease_ms":1000.5}"#,
                r#"{"direction":"west","rate":"warp"}"#,
            ],
        );
        holds::<Track>(
            &[r#"{"mode":"off"}"#],
            &[r#"{}"#, r#"{"mode":"king"}"#, r#"{"mode":"off","x":1}"#],
        );
        holds::<Sync>(
            &[
                r#"{"ra":1,"dec":2,"force":true}"#,
                r#"{"altitude":1,"azimuth":0,"force":false}"#,
            ],
            &[
                r#"{"ra":1}"#,
                r#"{"ra":1,"dec":91}"#,
                r#"{"ra":1,"dec":2,"force":1}"#,
                r#"{"ra":1,"dec":2,"fast":true}"#,
            ],
        );
        holds::<Guide>(
            &[
                r#"{"direction":"east","duration_ms":1}"#,
                r#"{"direction":"east","duration_ms":60000}"#,
            ],
            &[
                r#"{"direction":"east"}"#,
                r#"{"duration_ms":100}"#,
                r#"{"direction":"up","duration_ms":100}"#,
                r#"{"direction":"east","duration_ms":0}"#,
                r#"{"direction":"east","duration_ms":-5}"#,
                r#"{"direction":"east","duration_ms":60001}"#,
                r#"{"direction":"east","duration_ms":1.5}"#,
                r#"{"direction":"east","duration_ms":"100"}"#,
            ],
        );
        holds::<SetSite>(
            &[
                r#"{"latitude":-90,"longitude":180}"#,
                r#"{"latitude":0,"longitude":-180,"elevation":-430}"#,
            ],
            &[
                r#"{"latitude":91,"longitude":0}"#,
                r#"{"latitude":-90.1,"longitude":0}"#,
                r#"{"latitude":0,"longitude":180.1}"#,
                r#"{"latitude":0,"longitude":-181}"#,
                r#"{"latitude":0,"longitude":0,"elevation":9001}"#,
                r#"{"latitude":0}"#,
                r#"{"latitude":"51:30","longitude":0}"#,
            ],
        );
        holds::<SetTime>(
            &[
                r#"{}"#,
                r#"{"time":"2026-11-23T22:00:00.123Z"}"#,
                r#"{"time":"2026-11-23T22:00:00+05:45"}"#,
            ],
            &[
                r#"{"time":"yesterday"}"#,
                r#"{"time":"2026-11-23"}"#,
                r#"{"time":"2026-11-23T22:00:00"}"#,
                r#"{"time":1795471200}"#,
                r#"{"zone":1}"#,
            ],
        );
        holds::<Park>(&[], &[r#"{"now":true}"#]);
        holds::<Home>(&[], &[r#"{"now":true}"#]);
        holds::<Unpark>(&[], &[r#"{"now":true}"#]);
        holds::<Info>(&[], &[r#"{"now":true}"#]);
        holds::<Status>(&[], &[r#"{"now":true}"#]);
    }
}
