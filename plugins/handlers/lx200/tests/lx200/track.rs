use super::{attached, call, parked, refusal};
use serde_json::json;

const ACK: &str = "\x06";

#[test]
fn every_rate_has_its_bytes() {
    for (mode, bytes) in [("sidereal", ":TQ#"), ("solar", ":TS#"), ("lunar", ":TL#")] {
        let script = attached().line(ACK, "P").line(bytes, "");
        let answer = call(&script, "track", &json!({"mode": mode}).to_string());
        assert_eq!(answer.unwrap(), json!({"tracking": mode}));
    }
}

#[test]
fn standing_still_is_land_and_following_is_what_it_was_before() {
    for (alignment, back) in [("P", ":AP#"), ("A", ":AA#")] {
        let script = attached()
            .line(ACK, alignment)
            .line(":AL#", "")
            .line(ACK, "L")
            .line(back, "")
            .line(":TQ#", "");
        call(&script, "track", r#"{"mode":"off"}"#).unwrap();
        call(&script, "track", r#"{"mode":"sidereal"}"#).unwrap();
    }
}

#[test]
fn standing_still_twice_does_not_forget_what_was_before() {
    let script = attached()
        .line(ACK, "A")
        .line(":AL#", "")
        .line(ACK, "L")
        .line(":AL#", "")
        .line(ACK, "L")
        .line(":AA#", "")
        .line(":TL#", "");
    call(&script, "track", r#"{"mode":"off"}"#).unwrap();
    call(&script, "track", r#"{"mode":"off"}"#).unwrap();
    call(&script, "track", r#"{"mode":"lunar"}"#).unwrap();
}

#[test]
fn a_parked_mount_follows_nothing() {
    let script = parked();
    let reason = refusal(call(&script, "track", r#"{"mode":"sidereal"}"#));
    assert_eq!(reason, "the mount is parked: unpark it first");
}
