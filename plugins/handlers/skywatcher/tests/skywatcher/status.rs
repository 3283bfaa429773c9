use super::{AT_HOME, AT_REST, FOLLOWING, WEST, attached, call, handler, lines, tracking};
use serde_json::{Value, json};
use slewgate_sdk::{Handler, Moving, Script};

fn status(script: &Script) -> Value {
    call(script, "status", "{}").unwrap()
}

/// To a step, which is a seventh of a second of arc.
fn points(told: &Value, ra: f64, dec: f64) {
    let (told_ra, told_dec) = (told["ra"].as_f64().unwrap(), told["dec"].as_f64().unwrap());
    assert!(
        (told_ra - ra).abs() < 5e-6 && (told_dec - dec).abs() < 5e-5,
        "{told}"
    );
}

fn seen(script: Script, exchanges: &[&[&str]]) -> (Moving, Value) {
    let script = exchanges
        .iter()
        .fold(script, |script, some| lines(script, some));
    let sample = handler().sample(&script).unwrap();
    (sample.moving, serde_json::from_str(&sample.data).unwrap())
}

#[test]
fn steps_become_a_place_in_the_sky_with_a_side_of_the_pier() {
    let script = lines(lines(attached(), &AT_REST), &WEST);
    let told = status(&script);
    points(&told, 4.0, 20.0);
    assert_eq!(told["pier_side"], "west");
    assert_eq!(told["sidereal_time"], 0.0);
    assert_eq!(told["tracking"], "off");
    assert_eq!(
        (&told["slewing"], &told["parked"]),
        (&json!(false), &json!(false))
    );
    // The same beyond the pole.
    let script = lines(lines(attached(), &AT_REST), &[WEST[0], ":j2 =2BC69A"]);
    let told = status(&script);
    points(&told, 16.0, 20.0);
    assert_eq!(told["pier_side"], "east");
}

#[test]
fn the_host_gets_the_axes_as_they_are_counted() {
    let script = lines(lines(attached(), &AT_REST), &WEST);
    let sample = handler().sample(&script).unwrap();
    let (first, second) = sample.axes.unwrap();
    assert!((first - 30.0).abs() < 1e-4 && (second + 70.0).abs() < 1e-4);
}

#[test]
fn at_home_it_is_on_no_side_of_the_pier() {
    let (moving, told) = seen(attached(), &[&AT_REST, &AT_HOME]);
    assert_eq!(
        (moving, &told["dec"], &told["pier_side"]),
        (Moving::Still, &json!(90.0), &Value::Null)
    );
}

#[test]
fn a_motor_that_turns_with_the_sky_at_a_known_period_follows() {
    for (period, mode) in [
        ("6C0200", "sidereal"),
        ("6E0200", "solar"),
        ("840200", "lunar"),
    ] {
        let period = format!(":i1 ={period}");
        let (moving, told) = seen(attached(), &[&[":f1 =111", ":f2 =101", &period], &WEST]);
        assert_eq!(
            (moving, &told["tracking"]),
            (Moving::Tracking, &json!(mode))
        );
        assert_eq!(told["slewing"], false);
    }
}

#[test]
fn in_the_south_the_sky_turns_back() {
    let south = || super::nowhere().remembering("site", "[-33.9,0.0,0.0]");
    let (moving, told) = seen(south(), &[&[":f1 =311", ":f2 =101", ":i1 =6C0200"], &WEST]);
    assert_eq!(
        (moving, &told["tracking"]),
        (Moving::Tracking, &json!("sidereal"))
    );
    points(&told, 20.0, -20.0);
    assert_eq!(told["pier_side"], "east");
    let (moving, _) = seen(
        south(),
        &[&[":f1 =111", ":f2 =101"], &WEST, &[":i1 =6C0200"]],
    );
    assert_eq!(moving, Moving::Moving);
}

#[test]
fn any_other_turning_is_moving_and_what_it_will_follow_again_is_told() {
    for (exchanges, slewing) in [
        // A goto, a fast speed, a goto of the second axis, its jog, its pulse, and a pulse of the first.
        (&[":f1 =411", ":f2 =101"][..], true),
        (&[":f1 =511", ":f2 =101"], true),
        (&[":f1 =101", ":f2 =211"], true),
    ] {
        let (moving, told) = seen(tracking(), &[exchanges, &WEST]);
        assert_eq!(moving, Moving::Moving, "{exchanges:?}");
        assert_eq!(
            (&told["slewing"], &told["tracking"]),
            (&json!(slewing), &json!("sidereal"))
        );
    }
    for (period, slewing) in [("0A0000", true), ("D80400", false)] {
        let second = format!(":i2 ={period}");
        let exchanges: [&[&str]; 3] = [&[":f1 =101", ":f2 =111"], &WEST, &[&second]];
        let (moving, told) = seen(tracking(), &exchanges);
        assert_eq!(
            (moving, &told["slewing"]),
            (Moving::Moving, &json!(slewing)),
            "{period}"
        );
    }
    let pulse: [&[&str]; 3] = [
        &[":f1 =111", ":f2 =101", ":i1 =9D0100"],
        &WEST,
        &[":i1 =9D0100"],
    ];
    let (moving, told) = seen(tracking(), &pulse);
    assert_eq!(
        (moving, &told["slewing"], &told["tracking"]),
        (Moving::Moving, &json!(false), &json!("sidereal"))
    );
}

#[test]
fn motors_that_lost_their_power_are_initialised_and_what_was_kept_of_them_is_forgotten() {
    let script = tracking().remembering("index", r#"{"first":1.0,"second":2.0}"#);
    let (moving, told) = seen(
        script,
        &[
            &[":f1 =100", ":f2 =100", ":F1 =", ":F2 ="],
            &AT_REST,
            &AT_HOME,
        ],
    );
    assert_eq!(
        (moving, &told["dec"], &told["tracking"]),
        (Moving::Still, &json!(90.0), &json!("off"))
    );
}

#[test]
fn a_mount_that_was_parked_and_stands_elsewhere_is_not_parked() {
    let parked = || attached().remembering("parked", "true");
    let (_, told) = seen(parked(), &[&AT_REST, &AT_HOME]);
    assert_eq!(told["parked"], true);
    let (_, told) = seen(parked(), &[&AT_REST, &WEST]);
    assert_eq!(told["parked"], false);
}

#[test]
fn a_sample_of_a_mount_that_follows_takes_five_exchanges() {
    let script = lines(lines(tracking(), &FOLLOWING), &WEST);
    assert_eq!(handler().sample(&script).unwrap().moving, Moving::Tracking);
}
