use super::{attached, call, ended, look, note};
use slewgate_sdk::{Progress, Script};

const FIRST: &[u8] = b"P\x01\x10\x0b\x00\x00\x00\x00";
const SECOND: &[u8] = b"P\x01\x11\x0b\x00\x00\x00\x00";
const FOUND_FIRST: &[u8] = b"P\x01\x10\x12\x00\x00\x00\x01";
const FOUND_SECOND: &[u8] = b"P\x01\x11\x12\x00\x00\x00\x01";

fn begun() -> Vec<u8> {
    let script = attached()
        .line("t", b"\x02#")
        .begins(Ok(7))
        .line("L", "0#")
        .line(FIRST, "#")
        .line(SECOND, "#");
    call(&script, "home", "{}").unwrap();
    script.plans().remove(0).note
}

#[test]
fn both_axes_go_to_their_switches_and_stand_there() {
    let script = attached()
        .line(FOUND_FIRST, b"\x00#")
        .line(FOUND_FIRST, b"\xff#")
        .line(FOUND_SECOND, b"\x00#")
        .line(FOUND_FIRST, b"\xff#")
        .line(FOUND_SECOND, b"\x23#")
        .line(b"T\x00", "#");
    let second = note(look(&script, &begun()).unwrap());
    let third = note(look(&script, &second).unwrap());
    assert_eq!(look(&script, &third).unwrap(), Progress::Done);
}

#[test]
fn a_goto_under_way_is_cancelled_first() {
    let script = attached()
        .line("t", b"\x02#")
        .begins(Ok(7))
        .line("L", "1#")
        .line("M", "#")
        .line(FIRST, "#")
        .line(SECOND, "#");
    call(&script, "home", "{}").unwrap();
}

#[test]
fn a_stop_on_the_way_leaves_it_following() {
    let script: Script = attached().line(b"T\x02", "#");
    assert_eq!(ended(&script, &begun()).unwrap(), Progress::Done);
}
