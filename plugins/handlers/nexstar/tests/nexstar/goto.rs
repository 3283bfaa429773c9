use super::{attached, call, ended, fork, look, note, parked, refusal};
use serde_json::json;
use slewgate_sdk::{Equatorial, Failure, Kind, LineError, MotionError, Orphan, Progress, Script};

const JNOW: &str = r#"{"ra":5.5,"dec":-5.25,"frame":"JNow"}"#;
const ORDER: &str = "r3AAAAB00,FC444400";
const HERE: &str = "3AAAAB00,FC444400#";
const ELSEWHERE: &str = "3AAAAB00,FB8E3900#";

/// Up to the bytes that move.
fn set_out(mode: u8) -> Script {
    attached()
        .line("J", b"\x01#")
        .line("t", [mode, b'#'])
        .begins(Ok(7))
        .line("L", "0#")
}

/// The note of a slew that has just begun.
fn begun(mode: u8) -> Vec<u8> {
    let script = set_out(mode).line(ORDER, "#");
    call(&script, "goto", JNOW).unwrap();
    script.plans().remove(0).note
}

#[test]
fn the_motion_begins_before_the_bytes_that_move() {
    let script = set_out(2).line(ORDER, "#");
    assert_eq!(call(&script, "goto", JNOW).unwrap(), json!({"motion": 7}));
    let plan = script.plans().remove(0);
    assert_eq!((plan.role.as_str(), plan.label.as_str()), ("port", "goto"));
    assert_eq!((plan.kind, plan.orphan), (Kind::Slew, Orphan::Complete));
    let target = Equatorial {
        ra: 5.5,
        dec: -5.25,
    };
    assert_eq!(plan.target, Some(target));
    assert!(plan.ending.is_empty());
}

#[test]
fn catalogue_positions_are_converted_to_those_of_the_day() {
    // The script's sky adds 0.02 hours and 0.1 degrees: 6 hours and 45 degrees.
    let script = set_out(2).line("r40000000,20000000", "#");
    call(&script, "goto", r#"{"ra":5.98,"dec":44.9}"#).unwrap();
}

#[test]
fn a_direction_is_converted_for_the_mounts_own_site() {
    // Due south at the height of the equator, with the equinox in the meridian.
    let script = set_out(2).line("r00000000,00000000", "#");
    call(&script, "goto", r#"{"altitude":38.5,"azimuth":180}"#).unwrap();
}

#[test]
fn a_goto_takes_the_place_of_the_one_under_way() {
    let script = attached()
        .line("J", b"\x01#")
        .line("t", b"\x02#")
        .begins(Ok(7))
        .line("L", "1#")
        .line("M", "#")
        .line(ORDER, "#");
    call(&script, "goto", JNOW).unwrap();
}

#[test]
fn without_an_alignment_it_is_refused_in_either_form() {
    for told in [&b"\x00#"[..], b"0#"] {
        let script = attached().line("J", told);
        assert_eq!(
            refusal(call(&script, "goto", JNOW)),
            "the mount is not aligned: align it by its hand control first"
        );
    }
    let script = fork()
        .line("J", "1#")
        .line("t", b"\x01#")
        .begins(Ok(7))
        .line("L", "0#")
        .line(ORDER, "#");
    call(&script, "goto", JNOW).unwrap();
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
            .line("J", b"\x01#")
            .line("t", b"\x02#")
            .begins(Err(error));
        assert_eq!(call(&script, "goto", JNOW).unwrap_err(), failure);
    }
}

#[test]
fn a_parked_mount_is_not_sent_anywhere() {
    let script = parked().line("t", b"\x00#");
    assert_eq!(
        refusal(call(&script, "goto", JNOW)),
        "the mount is parked: unpark it first"
    );
}

#[test]
fn a_slew_is_done_at_its_target_and_follows_it() {
    let script = attached()
        .line("L", "1#")
        .line("L", "0#")
        .line("e", HERE)
        .line(b"T\x02", "#");
    let second = note(look(&script, &begun(2)).unwrap());
    assert_eq!(look(&script, &second).unwrap(), Progress::Done);
}

#[test]
fn one_that_followed_nothing_follows_its_target_too() {
    // As its model does where nobody knows what it followed before: by one axis.
    let script = attached()
        .line("L", "0#")
        .line("e", HERE)
        .line(b"T\x02", "#");
    assert_eq!(look(&script, &begun(0)).unwrap(), Progress::Done);
}

#[test]
fn a_slew_that_the_mount_does_not_make_has_failed_after_a_while() {
    let mut noted = begun(2);
    let mut looks = 0;
    let ending = loop {
        let script = attached().line("L", "0#").line("e", ELSEWHERE);
        match look(&script, &noted).unwrap() {
            Progress::Again(step) if looks < 20 => (noted, looks) = (step.note, looks + 1),
            other => break other,
        }
    };
    assert_eq!(looks, 4);
    let Progress::Failed(why) = ending else {
        panic!("{ending:?}")
    };
    assert!(
        why.starts_with("the mount came to rest 1.00 degrees from its target")
            && why.contains("slew limits"),
        "{why}"
    );
}

#[test]
fn a_stop_is_followed_by_what_the_mount_followed_before() {
    let script = attached().line(b"T\x02", "#");
    assert_eq!(ended(&script, &begun(2)).unwrap(), Progress::Done);
    // Nothing before: nothing after.
    assert_eq!(ended(&attached(), &begun(0)).unwrap(), Progress::Done);
}

#[test]
fn a_silent_mount_is_the_lines_error() {
    let script = set_out(2).line(ORDER, "");
    assert_eq!(
        call(&script, "goto", JNOW).unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
}
