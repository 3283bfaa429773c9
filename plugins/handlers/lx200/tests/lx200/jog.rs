use super::{attached, call, look, parked, refusal};
use serde_json::json;
use slewgate_sdk::{Failure, Framing, Kind, LineError, MotionError, Orphan, Progress};

#[test]
fn every_button_has_its_bytes_and_its_own_ending() {
    for (direction, start, end) in [
        ("north", ":Mn#", ":Qn#"),
        ("south", ":Ms#", ":Qs#"),
        ("east", ":Me#", ":Qe#"),
        ("west", ":Mw#", ":Qw#"),
    ] {
        let script = attached().begins(Ok(3)).line(":RC#", "").line(start, "");
        let answer = call(&script, "jog", &json!({"direction": direction}).to_string());
        assert_eq!(answer.unwrap(), json!({"motion": 3, "lease_ms": 1000}));
        let plan = script.plans().remove(0);
        assert_eq!(plan.label, direction);
        assert_eq!(
            (plan.kind, plan.orphan, plan.at_most),
            (Kind::Jog, Orphan::Stop, 60_000)
        );
        assert_eq!(plan.ending[0].request, end.as_bytes());
        assert_eq!(plan.ending[0].reply, Framing::None);
        assert_eq!(plan.ending.len(), 1);
    }
}

#[test]
fn every_rate_has_its_bytes() {
    for (rate, bytes) in [
        ("guide", ":RG#"),
        ("center", ":RC#"),
        ("find", ":RM#"),
        ("slew", ":RS#"),
    ] {
        let script = attached().begins(Ok(3)).line(bytes, "").line(":Me#", "");
        let params = json!({"direction": "east", "rate": rate, "lease_ms": 400}).to_string();
        assert_eq!(call(&script, "jog", &params).unwrap()["lease_ms"], 400);
    }
}

#[test]
fn what_the_host_does_not_let_begin_sends_nothing() {
    let script = attached().begins(Err(MotionError::Stopped));
    let outcome = call(&script, "jog", r#"{"direction":"north"}"#);
    assert_eq!(outcome.unwrap_err(), Failure::Line(LineError::Stopped));
}

#[test]
fn a_stop_between_the_rate_and_the_button_is_obeyed() {
    let script = attached()
        .begins(Ok(3))
        .line(":RC#", "")
        .line_fails(":Mn#", LineError::Stopped);
    let outcome = call(&script, "jog", r#"{"direction":"north"}"#);
    assert_eq!(outcome.unwrap_err(), Failure::Line(LineError::Stopped));
}

#[test]
fn a_parked_mount_is_not_jogged() {
    let script = parked();
    let reason = refusal(call(&script, "jog", r#"{"direction":"north"}"#));
    assert_eq!(reason, "the mount is parked: unpark it first");
}

#[test]
fn a_jog_is_left_to_the_host() {
    let script = attached().begins(Ok(3)).line(":RC#", "").line(":Mn#", "");
    call(&script, "jog", r#"{"direction":"north"}"#).unwrap();
    let progress = look(&script, &script.plans()[0].note).unwrap();
    assert!(matches!(progress, Progress::Again(step) if step.after == 60_000));
}
