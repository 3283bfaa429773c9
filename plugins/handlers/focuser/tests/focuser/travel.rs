use super::{attached, call, call_of, found, handler, hardware, look, note, refusal};
use focuser::Focuser;
use serde_json::json;
use slewgate_sdk::{
    Failure, Handler, Kind, LineError, MotionError, Occasion, Orphan, Progress, Script,
};

const TO: (&str, &str) = ("move_to", r#"{"position":2000}"#);
const TO_SYNC: (&str, &str) = ("sync", r#"{"position":2000}"#);

/// Up to the bytes that move it, from 1,234 to 2,000.
fn set_out() -> Script {
    attached()
        .line(":GH#", "00#")
        .line(":GP#", "04D2#")
        .begins(Ok(7))
        .line(":SN07D0#", "")
        .line(":GN#", "07D0#")
}

fn begun() -> Vec<u8> {
    let script = set_out().line(":FG#", "");
    call(&script, TO.0, TO.1).unwrap();
    script.plans().remove(0).note
}

/// What a look sees.
fn sees(script: Script, moving: &str, position: &str) -> Script {
    script.line(":GI#", moving).line(":GP#", position)
}

#[test]
fn the_motion_begins_before_the_bytes_that_move_and_ends_by_a_halt() {
    let script = set_out().line(":FG#", "");
    assert_eq!(call(&script, TO.0, TO.1).unwrap(), json!({"motion": 7}));
    let plan = script.plans().remove(0);
    assert_eq!((plan.role.as_str(), plan.label.as_str()), ("port", "move"));
    assert_eq!((plan.kind, plan.orphan), (Kind::Slew, Orphan::Complete));
    assert!(plan.target.is_none(), "it is no place in the sky");
    assert_eq!(plan.ending[0].request, b":FQ#");
    // 766 steps at 16 a second, and half a minute.
    assert_eq!(plan.at_most, 30_000 + 47_875);
}

#[test]
fn steps_are_counted_from_where_it_stands() {
    for (steps, order, target) in [("766", ":SN07D0#", "07D0#"), ("-1234", ":SN0000#", "0000#")] {
        let script = attached()
            .line(":GH#", "00#")
            .line(":GP#", "04D2#")
            .begins(Ok(7))
            .line(order, "")
            .line(":GN#", target)
            .line(":FG#", "");
        call(&script, "move_by", &format!(r#"{{"steps":{steps}}}"#)).unwrap();
    }
}

#[test]
fn what_is_beyond_the_travel_is_refused_with_value_and_limit_and_moves_nothing() {
    let beyond = "position 50001 is not on the travel of the focuser, 0 to 50000 steps";
    let script = attached();
    assert_eq!(
        refusal(call(&script, "move_to", r#"{"position":50001}"#)),
        beyond
    );
    let at_the_end = || attached().line(":GH#", "00#").line(":GP#", "C350#");
    assert_eq!(
        refusal(call(&at_the_end(), "move_by", r#"{"steps":1}"#)),
        beyond
    );
    let inwards = "position -1 is not on the travel of the focuser, 0 to 50000 steps";
    assert_eq!(
        refusal(call(&at_the_end(), "move_by", r#"{"steps":-50001}"#)),
        inwards
    );
}

#[test]
fn in_steps_that_the_travel_is_not_measured_by_nothing_moves() {
    let said = "maximum, the end of the travel, is in full steps, and these are half ones: use set_step_mode, or measure it in half \
                steps and say so by maximum_mode in the settings";
    for (verb, params) in [TO, ("move_by", r#"{"steps":1}"#)] {
        let script = attached().line(":GH#", "FF#");
        assert_eq!(refusal(call(&script, verb, params)), said, "{verb}");
    }
    let script = attached().line(":GI#", "00#").line(":GH#", "FF#");
    assert_eq!(refusal(call(&script, TO_SYNC.0, TO_SYNC.1)), said);
    assert_eq!(
        refusal(call(&attached(), "set_step_mode", r#"{"mode":"half"}"#)),
        said
    );
}

#[test]
fn a_focuser_without_a_maximum_or_without_modes_moves_in_whatever_steps_it_has() {
    let sent = |script: Script| {
        script
            .line(":GP#", "04D2#")
            .begins(Ok(7))
            .line(":SN07D0#", "")
            .line(":GN#", "07D0#")
            .line(":FG#", "")
    };
    let unlimited = Focuser::configure("{}").unwrap();
    call_of(&unlimited, &sent(attached()), TO.0, TO.1).unwrap();
    let modeless = Script::new().remembering("found", found(r#"["set_step_mode"]"#, true));
    call(&sent(modeless), TO.0, TO.1).unwrap();
}

#[test]
fn what_the_host_does_not_let_begin_moves_nothing() {
    for (error, failure) in [
        (
            MotionError::ControlledBy("Ann".into()),
            Failure::Refused("Ann is in control".into()),
        ),
        (MotionError::Stopped, Failure::Line(LineError::Stopped)),
    ] {
        let script = attached()
            .line(":GH#", "00#")
            .line(":GP#", "04D2#")
            .begins(Err(error));
        assert_eq!(call(&script, TO.0, TO.1).unwrap_err(), failure);
    }
}

#[test]
fn a_target_that_did_not_arrive_whole_is_not_gone_to() {
    let script = attached()
        .line(":GH#", "00#")
        .line(":GP#", "04D2#")
        .begins(Ok(7))
        .line(":SN07D0#", "")
        .line(":GN#", "7530#");
    assert_eq!(
        hardware(call(&script, TO.0, TO.1)),
        "the focuser took 30000 for its target, not 2000, and was not sent there"
    );
}

#[test]
fn a_stop_between_the_target_and_the_go_lets_nothing_go() {
    let script = set_out().line_fails(":FG#", LineError::Stopped);
    assert_eq!(
        call(&script, TO.0, TO.1).unwrap_err(),
        Failure::Line(LineError::Stopped)
    );
}

#[test]
fn a_move_is_done_when_it_stands_at_its_target() {
    let script = sees(sees(attached(), "01#", "0500#"), "1#", "07C0#");
    let script = sees(script, "00#", "07D0#");
    let second = note(look(&script, &begun()).unwrap());
    let third = note(look(&script, &second).unwrap());
    assert_eq!(look(&script, &third).unwrap(), Progress::Done);
}

/// How many looks it takes until a move is given up, and why it is.
fn given_up(moving: &str, position: &str, last: impl Fn(Script) -> Script) -> (usize, String) {
    let mut noted = begun();
    for looks in 1.. {
        let script = sees(attached(), moving, position);
        // The halt belongs to the look that gives up, which is the one after ten that saw nothing move.
        let script = if looks == 11 { last(script) } else { script };
        match look(&script, &noted).unwrap() {
            Progress::Again(step) => noted = step.note,
            Progress::Failed(why) => return (looks, why),
            Progress::Done => panic!("it is elsewhere"),
        }
    }
    unreachable!()
}

#[test]
fn a_focuser_that_stands_elsewhere_has_failed_after_a_while() {
    let (looks, why) = given_up("00#", "04D2#", |script| script);
    assert_eq!(looks, 11);
    assert_eq!(why, "the focuser stands at 1234, and was sent to 2000");
}

#[test]
fn a_focuser_that_says_that_it_moves_and_does_not_is_halted_and_has_failed() {
    let (looks, why) = given_up("01#", "04D2#", |script| script.line(":FQ#", ""));
    assert_eq!(looks, 11);
    assert_eq!(
        why,
        "the focuser says that it moves and stays at 1234, on its way to 2000; it was stopped"
    );
}

#[test]
fn a_look_that_is_not_answered_as_it_should_is_the_failure_of_that_look() {
    let script = attached().line(":GI#", "7530#");
    assert_eq!(
        hardware(look(&script, &begun())),
        "the focuser answered `7530#` to :GI#"
    );
}

#[test]
fn what_one_version_began_the_next_completes() {
    let script = set_out()
        .line(":FG#", "")
        .line(":GP#", "0600#")
        .line(":GV#", "10#")
        .line(":GD#", "02#")
        .line(":GH#", "00#")
        .line(":GC#", "00#")
        .line(":GT#", "0018#")
        .line(":C#", "");
    let script = sees(sees(script, "01#", "0700#"), "00#", "07D0#");
    call(&script, TO.0, TO.1).unwrap();
    let noted = script.plans().remove(0).note;
    let next = handler();
    next.attach(&script).unwrap();
    let noted = note(next.advance(&script, 7, Occasion::Look, &noted).unwrap());
    let done = next.advance(&script, 7, Occasion::Look, &noted).unwrap();
    assert_eq!(done, Progress::Done);
    // A version that knew less noted less.
    let script = sees(attached(), "00#", "07D0#");
    assert_eq!(
        look(&script, br#"{"target":2000}"#).unwrap(),
        Progress::Done
    );
}

#[test]
fn after_a_stop_there_is_nothing_to_put_in_order() {
    let ended = handler().advance(&Script::new(), 7, Occasion::Ended, &begun());
    assert_eq!(ended.unwrap(), Progress::Done);
}

#[test]
fn a_note_that_is_not_understood_is_a_fault_and_no_panic() {
    for note in [&b""[..], b"{}", b"\xff", br#"{"target":-1}"#] {
        let outcome = look(&Script::new(), note);
        assert!(matches!(outcome, Err(Failure::Internal(_))), "{note:?}");
    }
}
