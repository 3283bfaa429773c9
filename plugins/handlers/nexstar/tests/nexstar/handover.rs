//! What one generation of the handler begins, the next completes: after its own `attach`, with the note and what was kept.

use super::{STOP_FIRST, attached, call, ended, ending, handler, look, note};
use slewgate_sdk::{Handler, Progress, Script};

/// What the next generation asks a CGX.
fn attach(script: Script) -> Script {
    script
        .line("V", b"\x05\x1f#")
        .line("v", b"\x11#")
        .line("m", b"\x17#")
        .line("w", b"\x33\x1e\x00\x00\x00\x0a\x00\x01#")
        .line("h", b"\x00\x00\x00\x01\x01\x1a\x00\x00#")
        .line(b"P\x01\x10\xfe\x00\x00\x00\x02", b"\x07\x10#")
        .line(b"P\x01\x10\x27\x00\x00\x00\x01", b"\x00#")
        .line(b"P\x01\x10\x12\x00\x00\x00\x01", b"\x00#")
}

#[test]
fn a_goto_is_completed() {
    let script = attached()
        .line("J", b"\x01#")
        .line("t", b"\x02#")
        .begins(Ok(1))
        .line("L", "0#")
        .line("r3AAAAB00,FC444400", "#");
    let script = attach(script)
        .line("L", "1#")
        .line("L", "0#")
        .line("e", "3AAAAB00,FC444400#")
        .line(b"T\x02", "#");
    call(&script, "goto", r#"{"ra":5.5,"dec":-5.25,"frame":"JNow"}"#).unwrap();
    let first = script.plans().remove(0).note;
    handler().attach(&script).unwrap();
    let second = note(look(&script, &first).unwrap());
    assert_eq!(look(&script, &second).unwrap(), Progress::Done);
}

#[test]
fn a_jog_is_ended_and_what_it_took_along_put_back() {
    let script = attached()
        .line("t", b"\x02#")
        .begins(Ok(1))
        .line(b"P\x02\x10\x24\x04\x00\x00\x00", "#");
    let script = attach(script).line(b"T\x02", "#");
    call(&script, "jog", r#"{"direction":"west"}"#).unwrap();
    let plan = script.plans().remove(0);
    assert_eq!(plan.ending, [ending(STOP_FIRST), ending(b"T\x02")]);
    handler().attach(&script).unwrap();
    assert_eq!(ended(&script, &plan.note).unwrap(), Progress::Done);
}

#[test]
fn one_that_was_parked_stays_parked() {
    let script = attach(super::parked())
        .line("e", "C0000000,40000000#")
        .line("L", "0#")
        .line("t", b"\x00#")
        .line("p", "W#");
    handler().attach(&script).unwrap();
    assert_eq!(call(&script, "status", "{}").unwrap()["parked"], true);
}
