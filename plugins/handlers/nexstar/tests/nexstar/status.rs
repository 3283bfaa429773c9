use super::{attached, call, fork, handler, parked};
use serde_json::{Value, json};
use slewgate_sdk::{Handler, Moving, Script};

/// Right ascension 5 h 30 m, declination -5°15'.
const HERE: &str = "3AAAAB00,FC444400#";

fn looks(script: Script, at: &str, slews: &str, mode: u8) -> Script {
    let script = script.line("e", at).line("L", slews);
    script.line("t", [mode, b'#'])
}

/// A right ascension of so many seconds of arc beyond 90 degrees, and declination 0.
fn east(arcseconds: f64) -> String {
    let parts = ((90.0 + arcseconds / 3600.0) / 360.0 * 16_777_216.0).round() as u32;
    format!("{:08X},00000000#", parts << 8)
}

/// Each look with the milliseconds that passed before it and the seconds of arc that the mount is further east.
fn seen(looks_at: &[(u32, f64)], mode: u8) -> (Moving, Value) {
    let mut script = fork();
    for (_, arcseconds) in looks_at {
        script = looks(script, &east(*arcseconds), "0#", mode);
    }
    let mut last = None;
    for (millis, _) in looks_at {
        script.pass(*millis);
        let sample = handler().sample(&script).unwrap();
        let data: Value = serde_json::from_str(&sample.data).unwrap();
        last = Some((sample.moving, data["tracking"].clone()));
    }
    last.unwrap()
}

#[test]
fn a_mount_tells_where_it_points_and_what_it_follows() {
    let script = looks(attached().sidereal(6.0), HERE, "0#", 2).line("p", "W#");
    let status = call(&script, "status", "{}").unwrap();
    // As near as 24 bits come to -5.25.
    assert_eq!(
        status,
        json!({"ra": 5.5, "dec": -5.25001, "frame": "JNow", "j2000": {"ra": 5.48, "dec": -5.35001},
            "altitude": status["altitude"], "azimuth": status["azimuth"], "tracking": "sidereal", "slewing": false,
            "parked": false, "pier_side": "east", "sidereal_time": 6.0})
    );
    assert!(status["altitude"].is_number());
}

#[test]
fn a_telescope_that_looks_to_the_east_is_on_the_west_side() {
    let script = looks(attached(), HERE, "0#", 2).line("p", "E#");
    assert_eq!(call(&script, "status", "{}").unwrap()["pier_side"], "west");
    // One that has nothing to say, and a fork, which is not asked.
    let script = looks(attached(), HERE, "0#", 2).line("p", "#");
    assert_eq!(
        call(&script, "status", "{}").unwrap()["pier_side"],
        Value::Null
    );
    let script = looks(fork(), HERE, "0#", 1);
    assert_eq!(
        call(&script, "status", "{}").unwrap()["pier_side"],
        Value::Null
    );
}

#[test]
fn one_on_its_way_moves() {
    let script = looks(fork(), HERE, "1#", 1);
    let sample = handler().sample(&script).unwrap();
    assert_eq!(sample.moving, Moving::Moving);
    let data: Value = serde_json::from_str(&sample.data).unwrap();
    assert_eq!(data["slewing"], true);
}

#[test]
fn a_slew_by_rate_is_seen_though_nobody_tells_of_it() {
    // Twice the rate of the sky, the slowest there is.
    assert_eq!(seen(&[(0, 0.0), (500, -15.0)], 1).0, Moving::Moving);
    // To the east it looks for a moment like standing still.
    assert_eq!(
        seen(&[(0, 0.0), (500, 15.0), (500, 30.0)], 1).0,
        Moving::Moving
    );
    let still_after = seen(&[(0, 0.0), (500, 100.0), (500, 100.0)], 1);
    assert_eq!(still_after, (Moving::Tracking, json!("sidereal")));
}

#[test]
fn a_small_correction_is_no_motion() {
    let corrected = seen(&[(0, 0.0), (500, 2.0), (500, -1.0), (500, 3.0)], 1);
    assert_eq!(corrected.0, Moving::Tracking);
}

#[test]
fn one_that_says_that_it_follows_and_stands_is_said_to_stand() {
    let stands = [(0, 0.0), (2_000, 30.1), (2_000, 60.2), (2_000, 90.2)];
    assert_eq!(seen(&stands, 2), (Moving::Still, json!("off")));
    let follows = [(0, 0.0), (2_000, 0.1), (2_000, 0.0), (2_000, 0.1)];
    assert_eq!(seen(&follows, 2), (Moving::Tracking, json!("sidereal")));
    // The other way round: it follows something, whatever it says.
    assert_eq!(seen(&follows, 0), (Moving::Tracking, Value::Null));
    assert_eq!(seen(&stands, 0), (Moving::Still, json!("off")));
}

#[test]
fn parked_is_one_that_was_parked_and_follows_nothing_since() {
    let status = |mode| {
        let script = looks(parked(), HERE, "0#", mode).line("p", "W#");
        let first = call(&script, "status", "{}").unwrap()["parked"].clone();
        (first, slewgate_sdk::Host::recall(&script, "parked"))
    };
    assert_eq!(status(0), (json!(true), Some(b"1".to_vec())));
    assert_eq!(status(2), (json!(false), Some(Vec::new())));
}

#[test]
fn its_sidereal_time_is_by_its_own_clock_over_its_own_site() {
    let script = looks(attached().sidereal(13.25), HERE, "0#", 2).line("p", "W#");
    let status = call(&script, "status", "{}").unwrap();
    assert_eq!(status["sidereal_time"], 13.25);
}
