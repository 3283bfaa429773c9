//! Several objects by what they are.

use serde_json::{Value, json};

use crate::{ask, refused};

fn search(params: Value) -> Value {
    ask("search", params).unwrap()
}

fn names(found: &Value) -> Vec<&str> {
    let objects = found["objects"].as_array().unwrap().iter();
    objects
        .map(|object| object["name"].as_str().unwrap())
        .collect()
}

#[test]
fn the_brightest_come_first_and_all_are_counted() {
    let found = search(json!({"type": "globular cluster", "constellation": "Her"}));
    assert_eq!(names(&found), ["M 13", "M 92", "NGC 6229"]);
    assert_eq!(found["found"], 3);
    let found = search(json!({"limit": 3}));
    assert_eq!(names(&found), ["Sun", "Moon", "Venus"]);
    assert!(found["found"].as_u64() > Some(18_000), "{found}");
}

#[test]
fn every_filter_holds_for_each_that_is_told() {
    let found = search(
        json!({"type": "galaxy", "constellation": "Ursa Major", "brighter_than": 9.5, "limit": 50}),
    );
    assert!(names(&found).starts_with(&["M 81", "M 101"]), "{found}");
    for object in found["objects"].as_array().unwrap() {
        assert_eq!(
            (&object["type"], &object["constellation"]),
            (&json!("galaxy"), &json!("Ursa Major"))
        );
        assert!(object["magnitude"].as_f64() < Some(9.5), "{object}");
    }
    let genitive = search(
        json!({"type": "galaxy", "constellation": "ursae majoris", "brighter_than": 9.5, "limit": 50}),
    );
    assert_eq!(genitive, found);
}

#[test]
fn a_part_of_any_name_is_enough() {
    assert_eq!(
        names(&search(json!({"text": "magellanic"}))),
        ["ESO056-115", "NGC 292"]
    );
    // The other is the Ghost of Jupiter.
    assert_eq!(
        names(&search(json!({"text": "jup"}))),
        ["Jupiter", "NGC 3242"]
    );
    let planets = search(json!({"type": "planet"}));
    assert_eq!(planets["found"], 7);
    assert_eq!(search(json!({"text": "no such name"}))["found"], 0);
}

#[test]
fn a_text_that_is_a_part_of_every_name_is_refused_by_its_field() {
    let why = refused(ask("search", json!({"text": "!!!"})));
    assert_eq!(why, r#"text: "!!!" has no letter and no digit"#);
    // A letter that no name has is one all the same.
    assert_eq!(search(json!({"text": "日"}))["found"], 0);
}

#[test]
fn twenty_are_told_unless_more_or_fewer_are_wanted() {
    for (params, count) in [
        (json!({}), 20),
        (json!({"limit": 1}), 1),
        (json!({"limit": 50}), 50),
    ] {
        assert_eq!(names(&search(params)).len(), count);
    }
}

#[test]
fn a_constellation_that_is_none_is_refused_by_its_field() {
    let why = refused(ask("search", json!({"constellation": "Southern Cross"})));
    assert_eq!(
        why,
        r#"constellation: "Southern Cross" is none of the 88, such as Ori or Ursa Major"#
    );
}
