use super::{
    STOP_FIRST, STOP_SECOND, attached, call, ended, ending, fork, hardware, look, parked, refusal,
};
use serde_json::json;
use slewgate_sdk::{Kind, Orphan, Progress, Script};

fn begun() -> Script {
    fork().line("t", b"\x01#").begins(Ok(7))
}

#[test]
fn each_direction_and_rate_has_its_motor_and_number() {
    for (direction, axis, command) in [
        ("west", 0x10, 36),
        ("east", 0x10, 37),
        ("north", 0x11, 36),
        ("south", 0x11, 37),
    ] {
        for (rate, number) in [("guide", 1), ("center", 4), ("find", 7), ("slew", 9)] {
            let script = begun().line([b'P', 2, axis, command, number, 0, 0, 0], "#");
            let params = format!(r#"{{"direction":"{direction}","rate":"{rate}"}}"#);
            assert_eq!(
                call(&script, "jog", &params).unwrap(),
                json!({"motion": 7, "lease_ms": 1000})
            );
        }
    }
}

#[test]
fn it_ends_by_rate_0_and_follows_again_what_it_followed() {
    let script = begun().line(b"P\x02\x10\x24\x04\x00\x00\x00", "#");
    call(&script, "jog", r#"{"direction":"west"}"#).unwrap();
    let plan = script.plans().remove(0);
    assert_eq!((plan.kind, plan.orphan), (Kind::Jog, Orphan::Stop));
    assert_eq!(plan.label, "west");
    assert_eq!(plan.ending, [ending(STOP_FIRST), ending(b"T\x01")]);
    // Also where another stop ended it.
    let script = fork().line(b"T\x01", "#");
    assert_eq!(ended(&script, &plan.note).unwrap(), Progress::Done);
    assert!(matches!(
        look(&fork(), &plan.note).unwrap(),
        Progress::Again(_)
    ));
}

#[test]
fn one_that_followed_nothing_does_not_after_it() {
    let script = fork()
        .line("t", b"\x00#")
        .begins(Ok(7))
        .line(b"P\x02\x11\x24\x04\x00\x00\x00", "#");
    call(&script, "jog", r#"{"direction":"north"}"#).unwrap();
    let plan = script.plans().remove(0);
    assert_eq!(plan.ending, [ending(STOP_SECOND)]);
    assert_eq!(ended(&fork(), &plan.note).unwrap(), Progress::Done);
}

#[test]
fn the_sun_is_followed_as_the_sun_again() {
    let script = attached()
        .remembering("rate", r#""solar""#)
        .line("t", b"\x02#")
        .begins(Ok(7))
        .line(b"P\x02\x10\x24\x04\x00\x00\x00", "#")
        .line(b"T\x02", "#")
        .line(b"P\x03\x10\x06\xff\xfe\x00\x00", "#");
    call(&script, "jog", r#"{"direction":"west"}"#).unwrap();
    ended(&script, &script.plans().remove(0).note).unwrap();
}

#[test]
fn north_is_the_other_way_round_while_a_german_mount_looks_west() {
    for (looks, north, south) in [("E#", 36, 37), ("W#", 37, 36), ("#", 36, 37)] {
        for (direction, command) in [("north", north), ("south", south)] {
            let script = attached()
                .line("t", b"\x02#")
                .line("p", looks)
                .begins(Ok(7))
                .line([b'P', 2, 0x11, command, 4, 0, 0, 0], "#");
            let params = format!(r#"{{"direction":"{direction}"}}"#);
            call(&script, "jog", &params).unwrap();
        }
    }
}

#[test]
fn a_motor_that_does_not_take_it_is_told_of() {
    for failure in ["\0#", "x#"] {
        let script = begun().line(b"P\x02\x10\x24\x04\x00\x00\x00", failure);
        assert_eq!(
            hardware(call(&script, "jog", r#"{"direction":"west"}"#)),
            r"the motor did not take P\x02\x10$\x04\x00\x00\x00"
        );
    }
}

#[test]
fn a_parked_mount_does_not_move() {
    let script = parked().line("t", b"\x00#");
    assert_eq!(
        refusal(call(&script, "jog", r#"{"direction":"west"}"#)),
        "the mount is parked: unpark it first"
    );
}
