//! What each command comes to in truth.

use crate::host::{Bench, LONDON, SYDNEY};
use serde_json::{Value, json};
use slewgate_sdk::{Failure, Moving, Progress};

const DIRECTIONS: [&str; 4] = ["north", "south", "east", "west"];

/// On a side of the pier, tracking.
fn on(latitude: f64, side: &str) -> Bench {
    let bench = Bench::new(latitude);
    let hour_angle = if side == "west" { -45.0 } else { 45.0 };
    let dec = 20.0_f64.copysign(latitude);
    let params = json!({"ra": bench.ra(hour_angle), "dec": dec, "frame": "JNow"});
    bench.do_whole("goto", &params.to_string());
    assert_eq!(bench.call("status", "{}")["pier_side"], side);
    bench
}

/// Degrees to the north and to the west of where it was, in the sky.
fn moved(bench: &Bench, does: impl FnOnce()) -> (f64, f64) {
    let before = bench.state().position;
    does();
    let after = bench.state().position;
    let west = (before.ra - after.ra + 12.0).rem_euclid(24.0) - 12.0;
    (after.dec - before.dec, west * 15.0)
}

fn towards(direction: &str, (north, west): (f64, f64)) -> (f64, f64) {
    match direction {
        "north" => (north, west),
        "south" => (-north, west),
        "west" => (west, north),
        _ => (-west, north),
    }
}

fn all_sides() -> impl Iterator<Item = (f64, &'static str)> {
    let latitudes = [LONDON, SYDNEY].into_iter();
    latitudes.flat_map(|latitude| ["east", "west"].map(|side| (latitude, side)))
}

#[test]
fn a_jog_leads_where_it_says_on_either_side_and_the_sky_is_followed_again_after_it() {
    for (latitude, side) in all_sides() {
        for direction in DIRECTIONS {
            for (rate, least, most) in [
                ("guide", 0.018, 0.023),
                ("center", 0.62, 0.70),
                ("find", 2.4, 2.9),
                ("slew", 25.0, 36.0),
            ] {
                let bench = on(latitude, side);
                let way = moved(&bench, || {
                    let params = json!({"direction": direction, "rate": rate}).to_string();
                    assert_eq!(bench.call("jog", &params)["lease_ms"], 1000);
                    bench.pass(5.0);
                    assert_eq!(bench.sample().moving, Moving::Moving);
                    bench.pass(5.0);
                    bench.end();
                    // From its fastest it takes a moment to come to rest.
                    bench.pass(1.0);
                });
                let (along, across) = towards(direction, way);
                assert!(
                    (least..=most).contains(&along),
                    "{along} {direction} {rate} {side} {latitude}"
                );
                assert!(
                    across.abs() < 0.03,
                    "{across} {direction} {rate} {side} {latitude}"
                );
                let status = bench.call("status", "{}");
                assert_eq!(
                    (&status["tracking"], &status["slewing"]),
                    (&json!("sidereal"), &json!(false))
                );
            }
        }
    }
}

#[test]
fn a_pulse_leads_as_far_as_half_the_speed_of_the_sky_does() {
    for (latitude, side) in all_sides() {
        for direction in DIRECTIONS {
            let bench = on(latitude, side);
            let way = moved(&bench, || {
                let params = json!({"direction": direction, "duration_ms": 10_000}).to_string();
                bench.call("guide", &params);
                assert_eq!(bench.call("status", "{}")["slewing"], false);
                assert_eq!(bench.sample().moving, Moving::Moving);
                assert_eq!(bench.complete(|| ()), Progress::Done);
            });
            let (along, across) = towards(direction, way);
            let (along, across) = (along * 3600.0, across * 3600.0);
            // What the bytes take is in it.
            assert!(
                (74.0..78.0).contains(&along),
                "{along} {direction} {side} {latitude}"
            );
            assert!(across.abs() < 1.0, "{across} {direction}");
            assert_eq!(bench.sample().moving, Moving::Tracking);
        }
    }
}

#[test]
fn a_pulse_that_the_host_ends_is_over_too() {
    for direction in DIRECTIONS {
        let bench = on(LONDON, "west");
        bench.call(
            "guide",
            &json!({"direction": direction, "duration_ms": 1000}).to_string(),
        );
        bench.end();
        assert_eq!(bench.sample().moving, Moving::Tracking, "{direction}");
    }
}

#[test]
fn a_pulse_without_tracking_ends_at_rest() {
    for direction in DIRECTIONS {
        let bench = on(LONDON, "east");
        bench.call("track", r#"{"mode":"off"}"#);
        bench.do_whole(
            "guide",
            &json!({"direction": direction, "duration_ms": 1000}).to_string(),
        );
        assert_eq!(bench.sample().moving, Moving::Still, "{direction}");
    }
}

#[test]
fn each_rate_is_followed_and_told() {
    let bench = on(SYDNEY, "east");
    for (mode, seconds) in [
        ("sidereal", 0.0),
        ("solar", 147.9),
        ("lunar", 2036.0),
        ("off", 54_148.0),
    ] {
        assert_eq!(
            bench.call("track", &json!({"mode": mode}).to_string())["tracking"],
            mode
        );
        let (_, west) = moved(&bench, || bench.pass(3600.0));
        // Behind the stars, in seconds of arc; half a tick of an EQ6's timer is 44 in an hour.
        assert!(
            (west * 3600.0 + seconds).abs() < 44.0,
            "{mode} {}",
            west * 3600.0
        );
        assert_eq!(bench.call("status", "{}")["tracking"], mode);
        let moving = if mode == "off" {
            Moving::Still
        } else {
            Moving::Tracking
        };
        assert_eq!(bench.sample().moving, moving);
        bench.call("track", r#"{"mode":"sidereal"}"#);
        bench.do_whole(
            "goto",
            &json!({"ra": bench.ra(30.0), "dec": -20, "frame": "JNow"}).to_string(),
        );
    }
}

#[test]
fn a_stop_is_an_instant_one_of_both_axes_and_the_sky_is_followed_again_where_it_was() {
    let bench = on(LONDON, "west");
    bench.call(
        "goto",
        &json!({"ra": bench.ra(60.0), "dec": 50, "frame": "JNow"}).to_string(),
    );
    bench.pass(5.0);
    let before = bench.state();
    assert!(before.slewing);
    bench.stop();
    let after = bench.state();
    assert!(!after.moving && !after.slewing && !after.tracking);
    let turned = (after.axes.0 - before.axes.0)
        .abs()
        .max((after.axes.1 - before.axes.1).abs());
    // Until the bytes were through, and the line was asked what there is.
    assert!(turned < 2.0, "{turned}");
    bench.ended();
    let status = bench.call("status", "{}");
    assert_eq!(
        (&status["tracking"], &status["slewing"]),
        (&json!("sidereal"), &json!(false))
    );
}

#[test]
fn a_mount_that_followed_nothing_follows_nothing_after_its_way_home_was_stopped() {
    let bench = on(LONDON, "east");
    bench.call("home", "{}");
    bench.pass(3.0);
    bench.stop();
    bench.ended();
    assert_eq!(bench.sample().moving, Moving::Still);
}

#[test]
fn a_parked_mount_stands_at_home_until_it_is_unparked() {
    for (latitude, side) in all_sides() {
        let bench = on(latitude, side);
        bench.do_whole("park", "{}");
        let (first, second) = bench.state().axes;
        assert!(first.abs() < 1e-4 && second.abs() < 1e-4);
        let status = bench.call("status", "{}");
        assert_eq!(
            (&status["parked"], &status["tracking"]),
            (&json!(true), &json!("off"))
        );
        for (verb, params) in [
            ("goto", r#"{"ra":1,"dec":2}"#),
            ("sync", r#"{"ra":1,"dec":2}"#),
            ("jog", r#"{"direction":"north"}"#),
            ("guide", r#"{"direction":"north","duration_ms":100}"#),
            ("track", r#"{"mode":"sidereal"}"#),
            ("home", "{}"),
        ] {
            let refused = Failure::Refused("the mount is parked: unpark it first".into());
            assert_eq!(bench.attempt(verb, params), Err(refused), "{verb}");
        }
        bench.do_whole("unpark", "{}");
        assert_eq!(bench.call("status", "{}")["parked"], false);
        bench.call("track", r#"{"mode":"sidereal"}"#);
    }
}

#[test]
fn home_is_where_it_counts_from_and_it_stays_awake() {
    let bench = on(LONDON, "west");
    bench.do_whole("home", "{}");
    let (first, second) = bench.state().axes;
    assert!(first.abs() < 1e-4 && second.abs() < 1e-4);
    let status = bench.call("status", "{}");
    assert_eq!(
        (&status["parked"], &status["tracking"]),
        (&json!(false), &json!("off"))
    );
}

#[test]
fn after_a_sync_it_points_where_it_says_and_goes_where_it_is_sent() {
    for (latitude, side) in all_sides() {
        let bench = on(latitude, side);
        let at = bench.state().position;
        // It was not quite at home when it was switched on, so that the star is beside.
        let star = (at.ra + 0.05, at.dec - 0.8);
        let params =
            |(ra, dec): (f64, f64)| json!({"ra": ra, "dec": dec, "frame": "JNow"}).to_string();
        let distance = bench.call("sync", &params(star))["distance"]
            .as_f64()
            .unwrap();
        assert!((1.0..1.2).contains(&distance), "{distance}");
        let told = bench.sample().position.unwrap();
        assert!((told.ra - star.0).abs() < 1e-4 && (told.dec - star.1).abs() < 1e-4);
        assert_eq!(bench.sample().moving, Moving::Tracking);
        // To where the reading was: truly as far on the other side.
        bench.do_whole("goto", &params((at.ra, at.dec)));
        let now = bench.state().position;
        assert!(
            (now.ra - at.ra + 0.05).abs() < 1e-3 && (now.dec - at.dec - 0.8).abs() < 3e-3,
            "{now:?} {at:?}"
        );
        // A next generation of the handler knows it still.
        bench.attach();
        let told = bench.sample().position.unwrap();
        assert!((told.ra - at.ra).abs() < 1e-3);
    }
}

#[test]
fn motors_that_were_switched_off_are_initialised_and_the_sync_of_before_is_forgotten() {
    let bench = on(LONDON, "east");
    let at = bench.state().position;
    bench.call(
        "sync",
        &json!({"ra": at.ra, "dec": at.dec + 1.0, "frame": "JNow"}).to_string(),
    );
    bench.switch_off_and_on();
    let sample = bench.sample();
    assert_eq!(sample.axes, Some((0.0, 0.0)));
    assert_eq!(sample.moving, Moving::Still);
    assert_eq!(bench.mount.borrow_mut().receive(b":f1\r"), b"=101\r");
}

#[test]
fn the_time_that_it_was_told_is_the_one_it_goes_by() {
    let bench = Bench::new(LONDON);
    let sidereal = |status: Value| status["sidereal_time"].as_f64().unwrap();
    let before = sidereal(bench.call("status", "{}"));
    bench.call("set_time", r#"{"time":"2026-01-01T01:00:00Z"}"#);
    let after = sidereal(bench.call("status", "{}"));
    assert!(
        ((after - before).rem_euclid(24.0) - 1.0027).abs() < 0.001,
        "{before} {after}"
    );
    bench.call("set_time", "{}");
    let back = sidereal(bench.call("status", "{}"));
    assert!((back - before).abs() < 0.001);
}
