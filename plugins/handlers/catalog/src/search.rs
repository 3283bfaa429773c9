//! `search`: objects by what they are, the brightest first.

use serde::Deserialize;
use slewgate_sdk::mount::Verb;
use slewgate_sdk::{Effect, Failure};

use crate::filter::{Filter, constellation, filter_properties, first};
use crate::index::{OBJECTS, with_text};
use crate::key::key;
use crate::object::{Kind, Object};
use crate::sky::{Sky, objects_schema};

/// Params of `search`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    text: Option<String>,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    constellation: Option<String>,
    brighter_than: Option<f32>,
    limit: Option<usize>,
}

pub(crate) fn search(sky: &Sky<'_>, params: &Search) -> Result<String, Failure> {
    let filter = Filter {
        kind: params.kind,
        constellation: params
            .constellation
            .as_deref()
            .map(constellation)
            .transpose()?,
        brighter_than: params.brighter_than,
    };
    let text = params.text.as_deref().map(telling).transpose()?;
    let named = text.as_deref().map(with_text);
    let has_text = |number: usize| named.as_ref().is_none_or(|named| named[number]);
    let bodies = bodies(sky, text.as_deref().unwrap_or_default());
    let catalogued = OBJECTS
        .iter()
        .enumerate()
        .filter(|(number, _)| has_text(*number));
    let mut found: Vec<&Object> = catalogued
        .map(|(_, object)| object)
        .chain(&bodies)
        .filter(|object| filter.lets_through(object))
        .collect();
    found.sort_by(|one, other| one.faintness().total_cmp(&other.faintness()));
    first(&found, params.limit, |object| sky.told(object))
}

/// The key of a text, which has one: nothing is a part of every name.
fn telling(text: &str) -> Result<String, Failure> {
    Some(key(text))
        .filter(|key| !key.is_empty())
        .ok_or_else(|| Failure::InvalidParams(format!("text: {text:?} has no letter and no digit")))
}

/// Those of the solar system with the text in one of their names.
fn bodies(sky: &Sky<'_>, text: &str) -> Vec<Object> {
    let mut bodies = sky.bodies();
    bodies.retain(|body| body.names().any(|name| key(name).contains(text)));
    bodies
}

impl Verb for Search {
    const NAME: &'static str = "search";
    const SUMMARY: &'static str =
        "Objects by part of a name, type, constellation and magnitude; the brightest first.";
    const EFFECT: Effect = Effect::Observe;
    const PARAMS: &'static str = concat!(
        r#"{"type":"object","additionalProperties":false,"properties":{
"text":{"description":"part of a name","type":"string","minLength":1,"maxLength":64},
"constellation":{"description":"such as Ori or Ursa Major","type":"string","minLength":3,"maxLength":32},"#,
        filter_properties!(),
        "}}"
    );
    const RESULT: &'static str = objects_schema!();
    const EXAMPLE: &'static str =
        r#"{"type":"globular cluster","constellation":"Her","brighter_than":9}"#;
}
