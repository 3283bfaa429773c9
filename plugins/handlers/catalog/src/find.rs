//! `find`: one object, by a name.

use serde::Deserialize;
use slewgate_sdk::mount::Verb;
use slewgate_sdk::{Effect, Failure, json};

use crate::body::Body;
use crate::index;
use crate::key::key;
use crate::sky::{Sky, object_schema};

/// Params of `find`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Find {
    name: String,
}

pub(crate) fn find(sky: &Sky<'_>, params: &Find) -> Result<String, Failure> {
    let wanted = key(&params.name);
    let is_called = |body: &Body| body.names().split(',').any(|name| key(name) == wanted);
    let body = Body::ALL.into_iter().find(is_called);
    let object = match (body, index::find(&params.name)) {
        (Some(body), _) => sky.body(body)?,
        (None, Some(object)) => *object,
        (None, None) => return Err(Failure::Refused(unknown(&params.name))),
    };
    json(&sky.told(&object))
}

fn unknown(name: &str) -> String {
    match index::nearest(name).as_slice() {
        [] => format!("nothing is called {name:?}; `search` looks for a part of a name"),
        [only] => format!("nothing is called {name:?}; there is {only}"),
        [others @ .., last] => format!(
            "nothing is called {name:?}; there are {} and {last}",
            others.join(", ")
        ),
    }
}

impl Verb for Find {
    const NAME: &'static str = "find";
    const SUMMARY: &'static str = "Where one object is, by a name or a number of a catalogue.";
    const EFFECT: Effect = Effect::Observe;
    const PARAMS: &'static str = r#"{"type":"object","required":["name"],"additionalProperties":false,"properties":{
"name":{"description":"such as M 31, ngc0224, Andromeda Galaxy, Vega, α Lyr, alpha Lyrae, HIP 91262, Jupiter","type":"string","minLength":1,"maxLength":64}}}"#;
    const RESULT: &'static str = object_schema!();
    const EXAMPLE: &'static str = r#"{"name":"M 31"}"#;
}
