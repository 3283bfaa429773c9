use super::{attached, call, found, handler, hardware, look, note, parked, refusal};
use serde_json::json;
use slewgate_sdk::{
    Equatorial, Failure, Handler, Kind, LineError, MotionError, Occasion, Orphan, Progress, Script,
};

const JNOW: &str = r#"{"ra":5.5,"dec":-5.25,"frame":"JNow"}"#;

/// Up to the bytes that move.
fn set_out() -> Script {
    attached()
        .line(":Sr05:30:00#", "1")
        .line(b":Sd-05\xdf15:00#", "1")
        .begins(Ok(7))
}

#[test]
fn the_motion_begins_before_the_bytes_that_move() {
    let script = set_out().line(":MS#", "0");
    assert_eq!(call(&script, "goto", JNOW).unwrap(), json!({"motion": 7}));
    let plans = script.plans();
    assert_eq!(
        (plans[0].role.as_str(), plans[0].label.as_str()),
        ("port", "goto")
    );
    assert_eq!(
        (plans[0].kind, plans[0].orphan),
        (Kind::Slew, Orphan::Complete)
    );
    assert_eq!(
        plans[0].target,
        Some(Equatorial {
            ra: 5.5,
            dec: -5.25
        })
    );
    assert!(plans[0].ending.is_empty());
}

#[test]
fn catalogue_positions_are_converted_to_those_of_the_day() {
    // The script's sky adds 0.02 hours and 0.1 degrees.
    let script = attached()
        .line(":Sr18:38:08#", "1")
        .line(b":Sd+38\xdf53:01#", "1")
        .begins(Ok(1))
        .line(":MS#", "0");
    call(
        &script,
        "goto",
        r#"{"ra":"18:36:56.34","dec":"+38:47:01.3"}"#,
    )
    .unwrap();
}

#[test]
fn a_direction_is_converted_for_the_mounts_own_site() {
    // Due south at the height of the equator, with the equinox in the meridian: right ascension 0, declination 0.
    let script = attached()
        .line(":Sr00:00:00#", "1")
        .line(b":Sd+00\xdf00:00#", "1")
        .begins(Ok(1))
        .line(":MS#", "0");
    call(&script, "goto", r#"{"altitude":38.5,"azimuth":180}"#).unwrap();
}

#[test]
fn a_direction_without_a_site_is_refused() {
    let nowhere = found(true, 0xdf).replace("51.5", "null");
    let script = Script::new().remembering("found", nowhere);
    let reason = refusal(call(&script, "goto", r#"{"altitude":38.5,"azimuth":180}"#));
    assert_eq!(reason, "the mount does not tell its site: give ra and dec");
}

#[test]
fn low_precision_is_spoken_to_a_mount_that_has_no_other() {
    let script = Script::new()
        .remembering("found", found(false, b'*'))
        .line(":Sr05:30.0#", "1")
        .line(":Sd-05*15#", "1")
        .begins(Ok(7))
        .line(":MS#", "0");
    call(&script, "goto", JNOW).unwrap();
}

#[test]
fn the_mounts_own_words_are_the_reason() {
    for (reply, reason) in [
        (
            "1Object below horizon#",
            "the mount refused: Object below horizon",
        ),
        ("1<below horizon>#", "the mount refused: below horizon"),
        ("1", "the mount refused: the object is below the horizon"),
        (
            "2  #",
            "the mount refused: the object is beyond the higher limit of altitude",
        ),
        (
            "6",
            "the mount refused, for a reason that its manual does not have (code 6)",
        ),
        (
            "e5#",
            "the mount refused, for a reason that its manual does not have (code e5)",
        ),
    ] {
        let script = set_out().line(":MS#", reply);
        assert_eq!(refusal(call(&script, "goto", JNOW)), reason);
    }
}

/// A refusal would tell the host that nothing moves.
#[test]
fn an_answer_that_no_mount_gives_is_no_refusal_because_the_mount_may_have_set_out() {
    for (reply, told) in [
        (&b"\xb0"[..], r"\xb0"),
        (b"\xb0#", r"\xb0"),
        (b"p", "p"),
        (b"#", "#"),
    ] {
        let script = set_out().line(":MS#", reply);
        let garbled = format!("the mount answered `{told}` to :MS#");
        assert_eq!(hardware(call(&script, "goto", JNOW)), garbled);
        assert_eq!(script.plans().len(), 1, "its motion goes on");
    }
}

#[test]
fn a_target_that_the_mount_does_not_take_moves_nothing() {
    let script = attached().line(":Sr05:30:00#", "0");
    assert_eq!(
        refusal(call(&script, "goto", JNOW)),
        "the mount refused the right ascension 05:30:00"
    );
    let script = attached()
        .line(":Sr05:30:00#", "1")
        .line(b":Sd-05\xdf15:00#", "0");
    assert_eq!(
        refusal(call(&script, "goto", JNOW)),
        "the mount refused the declination -05*15:00"
    );
}

#[test]
fn what_is_neither_yes_nor_no_is_told_as_it_came() {
    let script = attached().line(":Sr05:30:00#", "e2#");
    assert_eq!(
        hardware(call(&script, "goto", JNOW)),
        "the mount answered `e` to :Sr05:30:00#"
    );
}

#[test]
fn what_the_host_does_not_let_begin_moves_nothing() {
    for (error, failure) in [
        (
            MotionError::Limit("below the horizon".into()),
            Failure::Refused("below the horizon".into()),
        ),
        (MotionError::Stopped, Failure::Line(LineError::Stopped)),
    ] {
        let script = attached()
            .line(":Sr05:30:00#", "1")
            .line(b":Sd-05\xdf15:00#", "1")
            .begins(Err(error));
        assert_eq!(call(&script, "goto", JNOW).unwrap_err(), failure);
    }
}

#[test]
fn a_parked_mount_is_sent_nothing() {
    let script = parked();
    assert_eq!(
        refusal(call(&script, "goto", JNOW)),
        "the mount is parked: unpark it first"
    );
}

#[test]
fn a_silent_mount_is_the_lines_error() {
    let script = set_out().line(":MS#", "");
    assert_eq!(
        call(&script, "goto", JNOW).unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
}

#[test]
fn a_slew_is_done_when_its_bars_are_gone_at_the_target() {
    let first = begun();
    let script = attached()
        .line(":D#", b"\x7f\x7f   #")
        .line(":D#", "|#")
        .line(":D#", "     #")
        .line(":GR#", "05:30:01#")
        .line(":GD#", b"-05\xdf15:30#");
    let second = note(look(&script, &first).unwrap());
    let third = note(look(&script, &second).unwrap());
    assert_eq!(look(&script, &third).unwrap(), Progress::Done);
}

#[test]
fn a_slew_that_ends_elsewhere_has_failed_after_a_while() {
    let mut noted = begun();
    let mut looks = 0;
    let ending = loop {
        let script = attached()
            .line(":D#", "#")
            .line(":GR#", "05:30:00#")
            .line(":GD#", b"-06\xdf15:00#");
        match look(&script, &noted).unwrap() {
            Progress::Again(step) if looks < 20 => (noted, looks) = (step.note, looks + 1),
            other => break other,
        }
    };
    assert_eq!(looks, 5);
    assert_eq!(
        ending,
        Progress::Failed("the mount came to rest 1.00 degrees from its target".into())
    );
}

#[test]
fn nothing_is_put_back_after_a_stop() {
    let script = Script::new();
    let progress = handler().advance(&script, 7, Occasion::Ended, &begun());
    assert_eq!(progress.unwrap(), Progress::Done);
}

/// The note of a slew that has just begun.
fn begun() -> Vec<u8> {
    let script = set_out().line(":MS#", "0");
    call(&script, "goto", JNOW).unwrap();
    script.plans().remove(0).note
}
