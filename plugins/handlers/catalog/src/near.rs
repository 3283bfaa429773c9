//! `near`: what lies around a position, the nearest first.

use serde::Deserialize;
use slewgate_sdk::mount::{Degrees, Hours, Verb};
use slewgate_sdk::{Effect, Failure};
use sofars::vm::seps;

use crate::filter::{Filter, filter_properties, first};
use crate::index::OBJECTS;
use crate::object::{Kind, Object};
use crate::sky::{Sky, objects_schema};

/// Params of `near`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Near {
    /// J2000.
    ra: Hours,
    /// J2000.
    dec: Degrees,
    /// Degrees.
    radius: f64,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    brighter_than: Option<f32>,
    limit: Option<usize>,
}

pub(crate) fn near(sky: &Sky<'_>, params: &Near) -> Result<String, Failure> {
    let filter = Filter {
        kind: params.kind,
        constellation: None,
        brighter_than: params.brighter_than,
    };
    let catalogued = OBJECTS.iter().map(|object| sky.now(object));
    let mut found: Vec<(f64, Object)> = catalogued
        .chain(sky.bodies())
        .filter(|object| filter.lets_through(object))
        .filter_map(|object| Some((params.distance(&object)?, object)))
        .collect();
    found.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    first(&found, params.limit, |(distance, object)| {
        sky.told(object).at_distance(*distance)
    })
}

impl Near {
    /// In degrees, where that is within the radius.
    fn distance(&self, object: &Object) -> Option<f64> {
        // Most lie too far north or south, which is seen at once.
        let (ra, dec) = (self.ra.0 * 15.0, self.dec.0);
        if (object.dec - dec).abs() > self.radius {
            return None;
        }
        let [ra, dec, other_ra, other_dec] = [ra, dec, object.ra, object.dec].map(f64::to_radians);
        let distance = seps(ra, dec, other_ra, other_dec).to_degrees();
        (distance <= self.radius).then_some(distance)
    }
}

impl Verb for Near {
    const NAME: &'static str = "near";
    const SUMMARY: &'static str = "Objects around a position, the nearest first.";
    const EFFECT: Effect = Effect::Observe;
    const PARAMS: &'static str = concat!(
        r#"{"type":"object","required":["ra","dec","radius"],"additionalProperties":false,"properties":{
"ra":{"description":"right ascension in hours, J2000, or as text such as 05:35:17.3","type":["number","string"],"minimum":0,"exclusiveMaximum":24,"pattern":"^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?$"},
"dec":{"description":"declination in degrees, J2000, or as text such as -05:23:28","type":["number","string"],"minimum":-90,"maximum":90,"pattern":"^[+-]?([0-8]?[0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?|90:00(:00(\\.0+)?)?)$"},
"radius":{"description":"degrees","type":"number","exclusiveMinimum":0,"maximum":30},"#,
        filter_properties!(),
        "}}"
    );
    const RESULT: &'static str = objects_schema!();
    const EXAMPLE: &'static str = r#"{"ra":5.588,"dec":-5.39,"radius":1,"brighter_than":9}"#;
}
