use super::{attached, call, invalid, onstep, refusal};
use serde_json::json;
use slewgate_sdk::{Host, Script};

/// The script's clock shows 2026-01-01T00:00:00Z.
const LATER: &str = r#"{"time":"2026-03-04T05:06:07Z"}"#;
const PLANETS: &str = "1Updating Planetary Data#                              #";

fn ahead_of_utc(script: Script, zone: &str) -> Script {
    script.line(":GG#", zone)
}

#[test]
fn zone_time_and_date_are_sent_in_this_order_and_the_zone_is_kept() {
    let script = ahead_of_utc(attached(), "-02#")
        .line(":SG-02#", "1")
        .line(":SL07:06:07#", "1")
        .line(":SC03/04/26#", PLANETS);
    assert_eq!(
        call(&script, "set_time", LATER).unwrap(),
        json!({"time": "2026-03-04T05:06:07Z"})
    );
    let script = ahead_of_utc(onstep(), "+05:30#")
        .line(":SG+05:30#", "1")
        .line(":SL23:36:07#", "1")
        .line(":SC03/03/26#", "1");
    assert_eq!(
        call(&script, "set_time", LATER).unwrap(),
        json!({"time": "2026-03-04T05:06:07Z"})
    );
}

#[test]
fn a_zone_that_is_given_is_set_with_its_sign_turned() {
    let east = r#"{"time":"2026-03-04T07:06:07+02:00"}"#;
    let west = r#"{"time":"2026-03-04T01:36:07-03:30"}"#;
    for (params, zone, time) in [
        (east, ":SG-02#", ":SL07:06:07#"),
        (west, ":SG+03.5#", ":SL01:36:07#"),
    ] {
        let script = attached()
            .line(zone, "1")
            .line(time, "1")
            .line(":SC03/04/26#", PLANETS);
        call(&script, "set_time", params).unwrap();
    }
    let script = onstep()
        .line(":SG+03:30#", "1")
        .line(":SL01:36:07#", "1")
        .line(":SC03/04/26#", "1");
    call(&script, "set_time", west).unwrap();
}

#[test]
fn a_zone_of_quarters_leaves_utc_right() {
    let script = onstep()
        .line(":SG-06#", "1")
        .line(":SL11:06:07#", "1")
        .line(":SC03/04/26#", "1");
    let nepal = r#"{"time":"2026-03-04T10:51:07+05:45"}"#;
    assert_eq!(
        call(&script, "set_time", nepal).unwrap(),
        json!({"time": "2026-03-04T05:06:07Z"})
    );
}

#[test]
fn without_a_time_it_is_the_hosts_own() {
    let script = ahead_of_utc(onstep(), "+00:00#")
        .line(":SG+00#", "1")
        .line(":SL00:00:01#", "1")
        .line(":SC01/01/26#", "1");
    script.pass(400);
    assert_eq!(
        call(&script, "set_time", "{}").unwrap(),
        json!({"time": "2026-01-01T00:00:01Z"})
    );
    assert_eq!(script.now(), 1_767_225_601_000.0);
}

#[test]
fn the_last_seconds_of_a_day_are_waited_for() {
    let script = ahead_of_utc(onstep(), "+00:00#")
        .line(":SG+00#", "1")
        .line(":SL00:00:00#", "1")
        .line(":SC03/01/28#", "1");
    let leap = r#"{"time":"2028-02-29T23:59:58Z"}"#;
    assert_eq!(
        call(&script, "set_time", leap).unwrap(),
        json!({"time": "2028-03-01T00:00:00Z"})
    );
}

#[test]
fn a_mount_that_does_not_tell_its_zone_keeps_utc() {
    for zone in ["", "nonsense#"] {
        let script = ahead_of_utc(attached(), zone)
            .line(":SG+00#", "1")
            .line(":SL05:06:07#", "1")
            .line(":SC03/04/26#", PLANETS);
        call(&script, "set_time", LATER).unwrap();
    }
}

#[test]
fn a_classic_may_say_less_of_its_planets() {
    for answer in ["1", "1Updating Planetary Data#", "1#"] {
        let script = ahead_of_utc(attached(), "+00#")
            .line(":SG+00#", "1")
            .line(":SL05:06:07#", "1")
            .line(":SC03/04/26#", answer);
        call(&script, "set_time", LATER).unwrap();
    }
}

#[test]
fn what_the_mount_refuses_is_named() {
    let zone = ahead_of_utc(onstep(), "+00:00#").line(":SG+00#", "0");
    assert_eq!(
        refusal(call(&zone, "set_time", LATER)),
        "the mount refused the zone +00"
    );
    let time = ahead_of_utc(onstep(), "+00:00#")
        .line(":SG+00#", "1")
        .line(":SL05:06:07#", "0");
    assert_eq!(
        refusal(call(&time, "set_time", LATER)),
        "the mount refused the time 05:06:07"
    );
    let date = ahead_of_utc(attached(), "+00#")
        .line(":SG+00#", "1")
        .line(":SL05:06:07#", "1")
        .line(":SC03/04/26#", "0");
    assert_eq!(
        refusal(call(&date, "set_time", LATER)),
        "the mount refused the date 03/04/26"
    );
}

#[test]
fn a_date_in_the_past_is_refused_with_the_range_and_sends_nothing() {
    for script in [attached(), onstep()] {
        assert_eq!(
            invalid(call(
                &script,
                "set_time",
                r#"{"time":"2020-03-04T05:06:07Z"}"#
            )),
            "time: 2020-03-04T05:06:07Z is not within 2025-12-31T00:00:00Z (a day before the host's clock) to 2099-12-31T23:59:59Z"
        );
    }
}

#[test]
fn a_jump_by_another_time_is_not_taken_for_motion() {
    let script = ahead_of_utc(attached(), "+00#")
        .remembering("anchor", "seen elsewhere")
        .line(":SG+00#", "1")
        .line(":SL05:06:07#", "1")
        .line(":SC03/04/26#", PLANETS);
    call(&script, "set_time", LATER).unwrap();
    assert_eq!(script.recall("anchor"), Some(Vec::new()));
}
