//! What lies around a position.

use serde_json::{Value, json};

use crate::ask;

fn near(params: Value) -> Value {
    ask("near", params).unwrap()
}

fn names(found: &Value) -> Vec<&str> {
    let objects = found["objects"].as_array().unwrap().iter();
    objects
        .map(|object| object["name"].as_str().unwrap())
        .collect()
}

#[test]
fn the_nearest_come_first_with_their_distance() {
    let m13 = ask("find", json!({"name": "M 13"})).unwrap();
    let (ra, dec) = (&m13["j2000"]["ra"], &m13["j2000"]["dec"]);
    let found = near(json!({"ra": ra, "dec": dec, "radius": 0.8}));
    assert_eq!(names(&found)[0], "M 13");
    assert!(names(&found).contains(&"NGC 6207"), "{found}");
    let distances: Vec<f64> = found["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| object["distance"].as_f64().unwrap())
        .collect();
    assert!(
        distances.is_sorted() && distances.iter().all(|distance| *distance <= 0.8),
        "{distances:?}"
    );
    let clusters = near(json!({"ra": ra, "dec": dec, "radius": 0.8, "type": "globular cluster"}));
    assert_eq!(names(&clusters), ["M 13"]);
}

#[test]
fn around_a_pole_and_across_zero_hours_nothing_is_missed() {
    let pole =
        near(json!({"ra": 14.0, "dec": 89.9, "radius": 1, "type": "star", "brighter_than": 3}));
    assert_eq!(names(&pole), ["Polaris"]);
    let equinox = near(json!({"ra": 23.99, "dec": 29.1, "radius": 2, "brighter_than": 2.5}));
    assert_eq!(names(&equinox), ["Alpheratz"]);
}

#[test]
fn what_moves_is_found_where_it_is() {
    let sun = ask("find", json!({"name": "Sun"})).unwrap();
    let found = near(
        json!({"ra": sun["j2000"]["ra"], "dec": sun["j2000"]["dec"], "radius": 0.1, "type": "sun"}),
    );
    assert_eq!(names(&found), ["Sun"]);
    assert_eq!(found["objects"][0]["distance"], 0.0);
}
