//! What a motor may answer to a question, and what is made of it.

use super::{AT_REST, attached, call, hardware, lines};
use slewgate_sdk::{Failure, LineError, Script};

/// A status of a mount at home whose first position is answered so, one after the other.
fn position(answers: &[&str]) -> Script {
    let script = lines(attached(), &AT_REST);
    answers
        .iter()
        .fold(script, |script, answer| script.line(":j1\r", answer))
}

#[test]
fn an_answer_that_is_none_is_asked_for_again_and_never_taken_for_another_value() {
    for wrong in [
        // Nothing, cut off, shifted, doubled in part, of another question, with other digits, an echo, another's language.
        "",
        "=",
        "=00",
        "=00008",
        "000080\r",
        "=00080\r",
        "=\r",
        "=101\r",
        "=10\r",
        "=00=000080\r",
        "=0000800\r",
        "=00008g\r",
        "=0000a0\r",
        "==00080\r",
        ":j1\r",
        "05:35:17#\r",
        "!\r",
        "!G\r",
        "\r",
        "\u{0}\u{0}\r",
    ] {
        let script = position(&[wrong, "=563412\r"]).line(":j2\r", "=000080\r");
        let status = call(&script, "status", "{}");
        // 0x123456 steps are 287 degrees before home.
        let wanted = call(
            &position(&["=563412\r"]).line(":j2\r", "=000080\r"),
            "status",
            "{}",
        );
        assert_eq!(status, wanted, "{wrong:?}");
    }
}

#[test]
fn after_four_times_it_is_told_what_came() {
    let script = position(&["=00008g\r"; 4]);
    assert_eq!(
        hardware(call(&script, "status", "{}")),
        r"the mount answered `=00008g\r` to :j1"
    );
    let script = position(&[""; 4]);
    assert_eq!(
        call(&script, "status", "{}").unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
}

#[test]
fn a_code_is_told_in_words() {
    for (answer, words) in [
        ("!0\r", "!0: it does not know this"),
        ("!1\r", "!1: it takes this with another number of digits"),
        ("!2\r", "!2: its motor has not come to rest"),
        ("!3\r", "!3: it takes this with other digits"),
        (
            "!4\r",
            "!4: its motor was not initialised since it was switched on; attach it anew",
        ),
        ("!5\r", "!5: its motors sleep; switch it off and on"),
        ("!7\r", "!7: it is learning the errors of its worm"),
        ("!8\r", "!8: it has learnt no errors of its worm"),
        ("!A\r", "!A: a code that its manual does not have"),
    ] {
        let told = hardware(call(&position(&[answer]), "status", "{}"));
        assert_eq!(told, format!("the mount answered :j1 with {words}"));
    }
}

#[test]
fn a_line_that_is_gone_is_not_asked_again() {
    let script = lines(attached(), &AT_REST).line_fails(":j1\r", LineError::Stopped);
    assert_eq!(
        call(&script, "status", "{}").unwrap_err(),
        Failure::Line(LineError::Stopped)
    );
}
