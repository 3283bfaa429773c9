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
fn a_position_may_be_text_as_for_a_mount() {
    let number = json!({"ra": 5.5, "dec": -5.25, "radius": 1, "type": "star"});
    let text = json!({"ra": "05:30:00", "dec": "-05:15:00", "radius": 1, "type": "star"});
    assert_eq!(near(number), near(text));
}

#[test]
fn a_star_is_found_where_it_is_now() {
    let barnard = ask("find", json!({"name": "Barnard's Star"})).unwrap();
    let (ra, dec) = (&barnard["j2000"]["ra"], &barnard["j2000"]["dec"]);
    let found = near(json!({"ra": ra, "dec": dec, "radius": 0.01}));
    assert_eq!(names(&found), ["Barnard's Star"]);
    assert_eq!(found["objects"][0]["distance"], 0.0);
    // Where it was in 2000.
    let found = near(json!({"ra": 17.96347, "dec": 4.6934, "radius": 0.01}));
    assert_eq!(found["found"], 0);
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
