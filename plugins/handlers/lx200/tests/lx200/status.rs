use super::{attached, call, handler, parked};
use serde_json::{Value, json};
use slewgate_sdk::{Equatorial, Failure, Handler, LineError, Moving, Observation, Script};

/// One sample's questions, for a mount that says that it follows the stars.
fn seen(script: Script, ra: &str, dec: &str, bars: &str) -> Script {
    claiming(script, ra, dec, bars, "P", "60.1#")
}

fn claiming(
    script: Script,
    ra: &str,
    dec: &str,
    bars: &str,
    alignment: &str,
    rate: &str,
) -> Script {
    let script = script
        .line(":GR#", ra)
        .line(":GD#", dec)
        .line(":D#", bars)
        .line("\x06", alignment);
    let script = if alignment == "L" {
        script
    } else {
        script.line(":GT#", rate)
    };
    script.line(":GS#", "02:10:53#")
}

fn sample(script: &Script) -> (Moving, Value) {
    let Observation { moving, data, .. } = handler().sample(script).unwrap();
    (moving, serde_json::from_str(&data).unwrap())
}

#[test]
fn a_status_is_what_clients_are_promised() {
    // On the meridian at 30 degrees above the equator.
    let script = seen(attached().sidereal(5.5), "05:30:00#", "+30*00:00#", "#");
    let status = call(&script, "status", "{}").unwrap();
    assert_eq!(
        status,
        json!({"ra": 5.5, "dec": 30.0, "frame": "JNow", "j2000": {"ra": 5.48, "dec": 29.9},
            "altitude": 68.5, "azimuth": 180.0, "tracking": "sidereal", "slewing": false, "parked": null,
            "pier_side": null, "sidereal_time": 2.18139})
    );
}

#[test]
fn a_sample_and_the_status_are_the_same() {
    let script = seen(attached(), "05:30:00#", "-00*30:00#", "#");
    let script = seen(script, "05:30:00#", "-00*30:00#", "#");
    let status = call(&script, "status", "{}").unwrap();
    let observation = handler().sample(&script).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&observation.data).unwrap(),
        status
    );
    assert_eq!(
        observation.position,
        Some(Equatorial { ra: 5.5, dec: -0.5 })
    );
    assert_eq!(observation.moving, Moving::Tracking);
}

#[test]
fn bars_are_a_slew() {
    for bars in ["\x7f#", "|#", "\x7f\x7f\x7f                #"] {
        let script = seen(attached(), "05:30:00#", "+30*00:00#", bars);
        let (moving, status) = sample(&script);
        assert_eq!(
            (moving, &status["slewing"]),
            (Moving::Moving, &json!(true)),
            "{bars}"
        );
    }
}

#[test]
fn on_land_it_stands_still() {
    let script = claiming(attached(), "05:30:00#", "+30*00:00#", "#", "L", "");
    let (moving, status) = sample(&script);
    assert_eq!(
        (moving, &status["tracking"]),
        (Moving::Still, &json!("off"))
    );
}

#[test]
fn a_jog_shows_in_the_position_and_so_does_its_end() {
    let declinations = [
        "+30*00:00#",
        "+30*02:00#",
        "+30*04:00#",
        "+30*04:30#",
        "+30*04:30#",
    ];
    let script = declinations.iter().fold(attached(), |script, dec| {
        seen(script, "05:30:00#", dec, "#")
    });
    let moving: Vec<_> = declinations
        .iter()
        .map(|_| {
            script.pass(500);
            sample(&script).0
        })
        .collect();
    use Moving::{Moving as M, Tracking as T};
    assert_eq!(moving, [T, M, M, M, T]);
}

#[test]
fn the_last_digit_may_flicker_at_rest() {
    let seconds = ["05:30:00#", "05:30:01#", "05:30:00#", "05:29:59#"];
    let script = seconds
        .iter()
        .fold(attached(), |script, ra| seen(script, ra, "+30*00:01#", "#"));
    for ra in seconds {
        script.pass(500);
        assert_eq!(sample(&script).0, Moving::Tracking, "{ra}");
    }
}

#[test]
fn a_mount_that_stands_still_does_not_track_whatever_it_says() {
    // Right ascension runs with the sky: a second each second.
    let readings: Vec<String> = (0..40)
        .map(|second| format!("05:30:{second:02}#"))
        .collect();
    let script = readings
        .iter()
        .fold(attached(), |script, ra| seen(script, ra, "+30*00:00#", "#"));
    let states: Vec<_> = readings
        .iter()
        .map(|_| {
            let (moving, status) = sample(&script);
            script.pass(1000);
            (moving, status["tracking"].clone())
        })
        .collect();
    assert_eq!(states[0], (Moving::Tracking, json!("sidereal")));
    assert!(
        !states.iter().any(|(moving, _)| *moving == Moving::Moving),
        "{states:?}"
    );
    assert!(
        states[20..]
            .iter()
            .all(|state| *state == (Moving::Still, json!("off"))),
        "{states:?}"
    );
}

#[test]
fn a_parked_mount_stands_still() {
    let script = seen(parked(), "02:31:49#", "+89*15:51#", "#");
    let (moving, status) = sample(&script);
    assert_eq!(moving, Moving::Still);
    assert_eq!(
        (&status["parked"], &status["tracking"]),
        (&json!(true), &json!("off"))
    );
}

#[test]
fn what_the_mount_does_not_tell_is_null() {
    let nowhere = super::found(true, 0xdf).replace("-0.1667", "null");
    let script = Script::new().remembering("found", nowhere);
    let script = claiming(script, "05:30:00#", "+30*00:00#", "#", "P", "56.4#");
    let (moving, status) = sample(&script);
    assert_eq!(moving, Moving::Tracking);
    for unknown in ["altitude", "azimuth", "tracking", "parked", "pier_side"] {
        assert_eq!(status[unknown], Value::Null, "{unknown}");
    }
}

#[test]
fn low_precision_is_read_too() {
    let script = seen(attached(), "05:30.5#", "-05*15#", "#");
    let (_, status) = sample(&script);
    assert_eq!(
        (&status["ra"], &status["dec"]),
        (&json!(5.508333), &json!(-5.25))
    );
}

#[test]
fn a_look_from_before_a_jump_is_held_against_none_after_it() {
    use slewgate_sdk::Host;
    let anchor = r#"{"at":1767225599000.0,"ra":5.5,"dec":30.0,"rest":null}"#;
    let script = attached()
        .remembering("anchor", anchor)
        .remembering("forgotten", "1767225600100.0");
    let script = seen(script, "05:30:00#", "-10*00:00#", "#");
    assert_eq!(sample(&script).0, Moving::Tracking);
    assert_eq!(script.recall("anchor").unwrap(), anchor.as_bytes());
    script.pass(200);
    let script = seen(script, "05:30:00#", "-10*00:00#", "#");
    assert_eq!(sample(&script).0, Moving::Moving);
}

#[test]
fn garbage_is_no_position() {
    for (ra, dec) in [
        ("25:00:00#", "+30*00:00#"),
        ("05:30:00#", "+91*00:00#"),
        ("#", "+30*00:00#"),
        ("05:30:00#", "E1#"),
    ] {
        let script = attached().line(":GR#", ra).line(":GD#", dec);
        assert!(
            matches!(handler().sample(&script), Err(Failure::Hardware(_))),
            "{ra} {dec}"
        );
    }
}

#[test]
fn silence_is_the_lines_error() {
    let script = attached().line(":GR#", "05:30");
    assert_eq!(
        handler().sample(&script).unwrap_err(),
        Failure::Line(LineError::Timeout(b"05:30".to_vec()))
    );
}

#[test]
fn a_slow_jog_to_the_east_is_not_taken_for_standing_still() {
    let seconds: Vec<String> = (0..8).map(|s| format!("05:30:{s:02}#")).collect();
    let script = seconds
        .iter()
        .fold(attached(), |script, ra| seen(script, ra, "+30*00:00#", "#"));
    for ra in &seconds {
        assert_eq!(sample(&script).1["tracking"], "sidereal", "{ra}");
        script.pass(500);
    }
}

#[test]
fn a_slew_that_has_ended_is_over_at_the_next_sample_in_the_same_place() {
    let script = seen(attached(), "05:30:00#", "+30*00:00#", "\x7f#");
    let script = seen(script, "05:30:10#", "+31*00:00#", "\x7f#");
    let script = seen(script, "05:30:10#", "+31*00:00#", "#");
    let moving: Vec<_> = (0..3).map(|_| sample(&script).0).collect();
    assert_eq!(moving, [Moving::Moving, Moving::Moving, Moving::Tracking]);
}
