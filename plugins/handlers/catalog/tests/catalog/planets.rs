//! The solar system against JPL's ephemeris: see `tests/planets/README.md`.

use serde_json::{Value, json};
use slewgate_sdk::time::Moment;
use sofars::vm::seps;

use crate::host::Real;
use crate::{ask_of, refused};

const CSV: &str = include_str!("../planets/planets.csv");

/// Seconds of arc that each may be off, 1975 to 2099; docs/protocol.md promises them.
const OFF: [(&str, f64); 9] = [
    ("Sun", 0.1),
    ("Moon", 10.0),
    ("Mercury", 2.0),
    ("Venus", 8.0),
    ("Mars", 50.0),
    ("Jupiter", 50.0),
    ("Saturn", 90.0),
    ("Uranus", 75.0),
    ("Neptune", 12.0),
];

/// One line of the file.
struct Row {
    body: String,
    at: f64,
    settings: Value,
    j2000: [f64; 2],
    jnow: [f64; 2],
    magnitude: Option<f64>,
}

fn rows() -> impl Iterator<Item = Row> {
    CSV.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |place: usize| fields[place].parse::<f64>();
        let settings = match number(2) {
            Ok(latitude) => {
                json!({"site": {"latitude": latitude, "longitude": number(3).unwrap(), "elevation": number(4).unwrap()}})
            }
            Err(_) => json!({}),
        };
        let two = |place: usize| [number(place).unwrap(), number(place + 1).unwrap()];
        Row {
            body: fields[0].to_owned(),
            at: Moment::parse(fields[1]).unwrap().at,
            settings,
            j2000: two(5),
            jnow: two(7),
            magnitude: number(10).ok(),
        }
    })
}

fn find(row: &Row) -> Value {
    let params = json!({ "name": row.body });
    ask_of(&Real::at(row.at), &row.settings.to_string(), "find", params).unwrap()
}

fn seconds_between(told: &Value, [ra, dec]: [f64; 2]) -> f64 {
    let radians = |hours: f64, degrees: f64| ((hours * 15.0).to_radians(), degrees.to_radians());
    let (ra, dec) = radians(ra, dec);
    let (other_ra, other_dec) =
        radians(told["ra"].as_f64().unwrap(), told["dec"].as_f64().unwrap());
    seps(ra, dec, other_ra, other_dec).to_degrees() * 3600.0
}

#[test]
fn every_body_is_where_the_ephemeris_has_it() {
    let mut worst = OFF.map(|(body, _)| (body, 0.0_f64));
    for row in rows() {
        let found = find(&row);
        let off = seconds_between(&found["j2000"], row.j2000)
            .max(seconds_between(&found["jnow"], row.jnow));
        let (_, most) = worst
            .iter_mut()
            .find(|(body, _)| *body == row.body)
            .unwrap();
        *most = most.max(off);
    }
    for ((body, off), (_, most)) in worst.into_iter().zip(OFF) {
        println!("{body}: {off:.1}\"");
        assert!(off <= most, "{body} is {off:.1}\" off");
    }
}

#[test]
fn every_planet_is_as_bright_as_others_compute_it() {
    for row in rows() {
        let told = find(&row)["magnitude"].as_f64().unwrap();
        if let Some(magnitude) = row.magnitude {
            assert!(
                (told - magnitude).abs() < 0.1,
                "{} at {}: {told}, {magnitude}",
                row.body,
                row.at
            );
        }
    }
}

#[test]
fn from_a_site_the_moon_is_up_to_a_degree_from_where_the_center_of_the_earth_has_it() {
    let apart = rows()
        .filter(|row| row.body == "Moon" && row.settings != json!({}))
        .map(|row| {
            let from_site = find(&row);
            assert_eq!(from_site["seen_from"], "site");
            let from_center = find(&Row {
                settings: json!({}),
                ..row
            });
            assert_eq!(from_center["seen_from"], "center");
            seconds_between(
                &from_center["j2000"],
                [
                    from_site["j2000"]["ra"].as_f64().unwrap(),
                    from_site["j2000"]["dec"].as_f64().unwrap(),
                ],
            )
        });
    let most = apart.fold(0.0, f64::max) / 60.0;
    assert!((50.0..62.0).contains(&most), "{most}'");
}

#[test]
fn the_full_moon_the_sun_and_jupiter_are_as_bright_and_large_as_they_look() {
    // The Moon was full on 2026-11-24T14:53Z.
    let at = Moment::parse("2026-11-24T14:53:00Z").unwrap().at;
    let look = |name: &str| ask_of(&Real::at(at), "{}", "find", json!({ "name": name })).unwrap();
    for (name, magnitude, minutes) in [
        ("Moon", -12.9..-12.4, 32.0..34.0),
        ("Sun", -27.0..-26.6, 32.0..32.8),
        ("Jupiter", -2.5..-2.0, 0.5..0.8),
    ] {
        let found = look(name);
        assert!(
            magnitude.contains(&found["magnitude"].as_f64().unwrap()),
            "{found}"
        );
        assert!(
            minutes.contains(&found["size"]["major"].as_f64().unwrap()),
            "{found}"
        );
    }
}

#[test]
fn a_clock_beyond_the_ephemeris_is_said_and_leaves_the_stars() {
    let at = Moment::parse("2150-01-01T00:00:00Z").unwrap().at;
    let ask = |verb: &str, params: Value| ask_of(&Real::at(at), "{}", verb, params);
    let why = refused(ask("find", json!({ "name": "Mars" })));
    assert!(why.contains("1900 to 2100"), "{why}");
    assert_eq!(
        ask("find", json!({ "name": "Vega" })).unwrap()["name"],
        "Vega"
    );
    assert_eq!(
        ask("search", json!({ "type": "planet" })).unwrap()["found"],
        0
    );
}
