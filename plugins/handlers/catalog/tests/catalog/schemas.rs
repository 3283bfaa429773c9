//! What `describe` tells holds for what is taken and answered.

use catalog::Catalog;
use serde_json::{Value, json};
use slewgate_sdk::{Effect, Handler, Script};

use crate::ask;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn each_example_is_answered_as_its_schema_says() {
    for command in Catalog::describe().commands {
        let example = json(&command.example);
        let params = jsonschema::validator_for(&json(&command.params_schema)).unwrap();
        assert!(params.is_valid(&example), "{}", command.name);
        let result = jsonschema::validator_for(&json(&command.result_schema)).unwrap();
        let answer = ask(&command.name, example).unwrap();
        assert!(result.is_valid(&answer), "{}: {answer}", command.name);
    }
}

#[test]
fn every_type_of_the_schema_is_one_that_objects_have() {
    let search = Catalog::describe()
        .commands
        .into_iter()
        .find(|command| command.name == "search")
        .unwrap();
    let types = json(&search.params_schema)["properties"]["type"]["enum"].take();
    for kind in types.as_array().unwrap() {
        let found = ask("search", json!({"type": kind, "limit": 50})).unwrap();
        assert!(found["found"].as_u64() > Some(0), "{kind}");
        assert!(
            found["objects"]
                .as_array()
                .unwrap()
                .iter()
                .all(|object| object["type"] == *kind),
            "{found}"
        );
    }
}

#[test]
fn it_only_looks_and_has_nothing_to_stop_or_to_sample() {
    let description = Catalog::describe();
    assert!(
        description
            .commands
            .iter()
            .all(|command| command.effect == Effect::Observe)
    );
    assert_eq!(description.sample_every, None);
    let attachment = Catalog::configure("{}")
        .unwrap()
        .attach(&Script::new())
        .unwrap();
    assert!(
        attachment.stops.is_empty() && attachment.lacks.is_empty(),
        "{attachment:?}"
    );
}
