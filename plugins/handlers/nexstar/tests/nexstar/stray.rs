//! Replies that are late, doubled, cut or shifted: never taken for another value, and what is asked after them is answered.

use super::{ECHO, ECHOED, attached, call, hardware};
use slewgate_sdk::{Failure, LineError, Script};

const HERE: &str = "3AAAAB00,FC444400#";

/// What a status asks after its position.
fn rest(script: Script) -> Script {
    script.line("L", "0#").line("t", b"\x02#").line("p", "W#")
}

fn is_here(script: &Script) {
    let status = call(script, "status", "{}").unwrap();
    assert!(
        (status["ra"].as_f64().unwrap() - 5.5).abs() < 1e-5,
        "{status}"
    );
    assert!(
        (status["dec"].as_f64().unwrap() + 5.25).abs() < 1e-4,
        "{status}"
    );
    assert_eq!(
        (
            &status["slewing"],
            &status["tracking"],
            &status["pier_side"]
        ),
        (&false.into(), &"sidereal".into(), &"east".into())
    );
}

#[test]
fn a_reply_that_is_cut_is_asked_for_again_after_an_echo() {
    for cut in ["3", "3AAAAB00,FC444400", "3AAAAB00,#"] {
        is_here(&rest(
            attached().line("e", cut).line(ECHO, ECHOED).line("e", HERE),
        ));
    }
}

#[test]
fn a_reply_behind_another_is_asked_for_again_after_an_echo() {
    for stray in ["#", "1#", "\u{2}#", "0000,0000#", "00000000,00000000"] {
        let shifted = format!("{stray}{HERE}");
        let script = attached()
            .line_and_more("e", shifted)
            .line(ECHO, ECHOED)
            .line("e", HERE);
        is_here(&rest(script));
    }
}

#[test]
fn a_doubled_reply_is_one() {
    let script = attached()
        .line_and_more("e", [HERE, HERE].concat())
        .line_and_more("L", "0#0#")
        .line_and_more("t", b"\x02#\x02#")
        .line_and_more("p", "W#W#");
    is_here(&script);
}

#[test]
fn what_comes_before_the_echo_is_passed_over_whatever_it_is() {
    for stray in [
        &b"#"[..],
        b"####",
        HERE.as_bytes(),
        b"\xcb\x23\xcb",
        b"\x33##\x00\x02##\x01#",
    ] {
        // Where the token stands before an end sign in what is stray, the rest of it is discarded by the host.
        let echoed = [stray, ECHOED].concat();
        let script = attached()
            .line("e", "3AAAAB")
            .line_and_more(ECHO, echoed)
            .line("e", HERE);
        is_here(&rest(script));
    }
}

#[test]
fn silence_is_waited_for_once_and_before_the_next_question_is_an_echo() {
    let script = attached()
        .line("e", "")
        // The late reply, then the echo.
        .line(ECHO, [HERE.as_bytes(), ECHOED].concat())
        .line("e", HERE);
    let silent = call(&script, "status", "{}");
    assert_eq!(
        silent.unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
    is_here(&rest(script));
}

#[test]
fn after_a_question_that_a_stop_cut_is_an_echo_too() {
    for cut in [
        LineError::Stopped,
        LineError::Interrupted("unplugged".into()),
    ] {
        let script = attached()
            .line_fails("e", cut.clone())
            .line(ECHO, [HERE.as_bytes(), ECHOED].concat())
            .line("e", HERE);
        assert_eq!(
            call(&script, "status", "{}").unwrap_err(),
            Failure::Line(cut)
        );
        is_here(&rest(script));
    }
}

#[test]
fn a_late_reply_of_the_same_length_is_not_taken_for_that_of_another_question() {
    // The site is eight bytes, as the time is.
    let script = attached()
        .line(b"W\x33\x1e\x00\x00\x00\x0a\x00\x01", "#")
        .line("w", "")
        .line(ECHO, b"\x33\x1e\x00\x00\x00\x0a\x00\x01#\xcb#")
        .line("h", b"\x00\x00\x00\x01\x01\x1a\x00\x00#")
        .line(b"H\x00\x00\x00\x01\x01\x1a\x00\x00", "#")
        .line("h", b"\x00\x00\x00\x01\x01\x1a\x00\x00#");
    let site = r#"{"latitude":51.5,"longitude":-0.16666667}"#;
    assert!(call(&script, "set_site", site).is_err());
    call(&script, "set_time", "{}").unwrap();
}

#[test]
fn a_hand_control_that_echoes_nothing_is_silent() {
    let script = attached().line("e", "3AAA").line(ECHO, "");
    assert_eq!(
        call(&script, "status", "{}").unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
}

#[test]
fn one_that_only_babbles_is_told_of() {
    let script = attached()
        .line("e", "3AAA")
        .line_and_more(ECHO, "#".repeat(200));
    assert!(hardware(call(&script, "status", "{}")).contains("does not echo"));
}

#[test]
fn an_order_is_not_given_twice() {
    let script = attached()
        .line("J", b"\x01#")
        .line("t", b"\x02#")
        .begins(Ok(1))
        .line("L", "0#")
        .line_and_more("r3AAAAB00,FC444400", "0#");
    let order = r#"{"ra":5.5,"dec":-5.25,"frame":"JNow"}"#;
    assert_eq!(
        hardware(call(&script, "goto", order)),
        "the hand control answered `0` to r"
    );
}

#[test]
fn what_is_no_answer_twice_is_told_as_it_came() {
    for wrong in ["2#", "x#", "##", "00"] {
        let script = attached()
            .line("e", HERE)
            .line("L", wrong)
            .line(ECHO, ECHOED)
            .line("L", wrong);
        assert_eq!(
            hardware(call(&script, "status", "{}")),
            format!("the hand control answered `{wrong}` to L")
        );
    }
}

#[test]
fn digits_of_a_position_are_all_looked_at() {
    // Each place of the reply may be hit, also by the end sign.
    for at in 0..HERE.len() {
        let mut hit = HERE.as_bytes().to_vec();
        hit[at] = if at + 1 == HERE.len() { b'0' } else { b'#' };
        let script = attached().line("e", hit).line(ECHO, ECHOED).line("e", HERE);
        is_here(&rest(script));
    }
}
