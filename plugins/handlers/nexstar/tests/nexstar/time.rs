use super::{attached, call, hardware};
use serde_json::json;

#[test]
fn the_hosts_own_time_is_told_in_the_zone_that_the_mount_has() {
    // 2026-01-01T00:00:00Z; the mount keeps Eastern time with daylight saving, which is four hours behind UTC.
    let script = attached()
        .line("h", b"\x14\x00\x00\x0c\x1f\x19\xfb\x01#")
        .line(b"H\x14\x00\x00\x0c\x1f\x19\xfc\x00", "#")
        .line("h", b"\x14\x00\x00\x0c\x1f\x19\xfc\x00#");
    assert_eq!(
        call(&script, "set_time", "{}").unwrap(),
        json!({"time": "2026-01-01T00:00:00Z"})
    );
}

#[test]
fn a_time_with_a_zone_is_told_in_whole_hours_of_it_and_at_the_right_moment() {
    // Half past five hours ahead: the clock runs six ahead, and UTC is right.
    let script = attached()
        .line(b"H\x06\x23\x23\x01\x01\x1a\x06\x00", "#")
        .line("h", b"\x06\x23\x23\x01\x01\x1a\x06\x00#");
    let params = r#"{"time":"2026-01-01T06:05:35+05:30"}"#;
    assert_eq!(
        call(&script, "set_time", params).unwrap(),
        json!({"time": "2026-01-01T00:35:35Z"})
    );
}

#[test]
fn one_that_does_not_take_it_is_found_out() {
    let script = attached()
        .line(b"H\x00\x00\x00\x01\x01\x1a\x00\x00", "#")
        .line("h", b"\x00\x00\x00\x01\x01\x05\x00\x00#");
    let params = r#"{"time":"2026-01-01T00:00:00+00:00"}"#;
    assert_eq!(
        hardware(call(&script, "set_time", params)),
        "the mount was told that it is 2026-01-01T00:00:00Z, and tells 2005-01-01T00:00:00Z"
    );
}

#[test]
fn the_clock_that_was_set_is_the_one_of_its_sidereal_time() {
    let script = attached()
        .line(b"H\x00\x00\x00\x01\x02\x1a\x00\x00", "#")
        .line("h", b"\x00\x00\x00\x01\x02\x1a\x00\x00#");
    call(
        &script,
        "set_time",
        r#"{"time":"2026-01-02T00:00:00+00:00"}"#,
    )
    .unwrap();
    let kept = slewgate_sdk::Host::recall(&script, "found").unwrap();
    let found: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(found["ahead"], 86_400e3);
}
