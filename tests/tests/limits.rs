//! The limits of the site against an independent calculation, `python/limits.py` with ERFA: 1,000 random goals and ways.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use slewgate_safety::limits::{
    Breach, Fence, Horizon, Limits, PierSide, Sighting, State, Subject, Sun,
};
use slewgate_sky::{Equatorial, Frame, Site, Sky};
use slewgate_tests::python;

const CASES: usize = 1_000;
const SEED: &str = "4";

/// Degrees: both calculations go along the ways in steps, and a graze may fit between.
const STEPS: f64 = 0.05;
/// What is further inside the limits than this (degrees) is not refused.
const INSIDE: f64 = 1.0;

/// The verdicts by kind, and how much closer to a limit than the steps is what was let through or refused.
#[derive(Debug, Default)]
struct Tally {
    free: usize,
    target: usize,
    way: usize,
    across_the_wrap: usize,
}

#[test]
fn no_unsafe_goal_is_let_through_and_none_that_is_well_inside_is_refused() {
    let mut tally = Tally::default();
    for case in cases() {
        let at_target = case["at_target"].as_f64().unwrap();
        let on_the_way = case["on_the_way"].as_f64().unwrap_or(f64::INFINITY);
        match verdict(&case) {
            Ok(()) => {
                assert!(at_target.min(on_the_way) > -STEPS, "let through: {case}");
                tally.free += 1;
                tally.across_the_wrap += usize::from(crosses_the_wrap(&case));
            }
            Err(breach) if breach.subject == Subject::Target => {
                assert!(at_target < INSIDE, "{breach}: {case}");
                tally.target += 1;
            }
            Err(breach) => {
                assert!(on_the_way < INSIDE, "{breach}: {case}");
                tally.way += 1;
            }
        }
    }
    println!("{tally:?}");
    let Tally {
        free,
        target,
        way,
        across_the_wrap,
    } = tally;
    assert_eq!(free + target + way, CASES);
    for (count, least) in [
        (free, 100),
        (target, 100),
        (way, 100),
        (across_the_wrap, 10),
    ] {
        assert!(count >= least, "{tally:?}");
    }
}

fn cases() -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/limits.py");
    let output = Command::new(python("erfa"))
        .arg(script)
        .args([SEED, &CASES.to_string()])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wrong}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the fence says of a case. Everything is computed anew, from catalogue places and the text of the mask.
fn verdict(case: &Value) -> Result<(), Breach> {
    let number = |value: &Value| value.as_f64().unwrap();
    let sky = Sky::new(number(&case["dut1"]));
    let at_ms = number(&case["at_ms"]);
    let apparent = |value: &Value| {
        let (ra, dec) = pair(value).unwrap();
        sky.convert(Equatorial { ra, dec }, Frame::J2000, Frame::JNow, at_ms)
    };
    let (latitude, longitude) = pair(&case["site"]).unwrap();
    let site = Site {
        latitude,
        longitude,
        elevation: 0.0,
    };
    let from = (!case["from"].is_null()).then(|| Sighting {
        position: apparent(&case["from"]),
        axes: None,
        pier: side(&case["pier"]),
        state: State::Tracking,
        taken: Instant::now(),
        at_ms,
    });
    let target = apparent(&case["target"]);
    let fence = Fence::new(limits(&case["limits"]), sky.clone(), site);
    fence.goal(from.as_ref(), target, at_ms, false)
}

fn limits(said: &Value) -> Limits {
    let mask = said["horizon"].as_str();
    Limits {
        lowest: said["lowest"].as_f64().unwrap(),
        horizon: mask.map(|text| Horizon::parse("mask", text).unwrap()),
        highest: said["highest"].as_f64().unwrap(),
        meridian: said["meridian"].as_f64(),
        hour_angle: pair(&said["hour_angle"]),
        sun: pair(&said["sun"]).map(|(distance, above)| Sun { distance, above }),
        ..Limits::default()
    }
}

fn side(said: &Value) -> Option<PierSide> {
    match said.as_str()? {
        "east" => Some(PierSide::East),
        "west" => Some(PierSide::West),
        other => panic!("no side is called {other}"),
    }
}

fn pair(value: &Value) -> Option<(f64, f64)> {
    Some((value.get(0)?.as_f64()?, value.get(1)?.as_f64()?))
}

/// Whether the right ascension passes 24 hours the short way from the beginning to the target.
fn crosses_the_wrap(case: &Value) -> bool {
    let from = pair(&case["from"]);
    let ways = from.zip(pair(&case["target"]));
    ways.is_some_and(|(from, to)| (from.0 - to.0).abs() > 12.0)
}
