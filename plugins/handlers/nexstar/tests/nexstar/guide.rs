use super::{STOP_SECOND, attached, call, ended, ending, fork, look, note};
use serde_json::json;
use slewgate_sdk::{Kind, Orphan, Progress, Script};

fn pulse(script: Script, direction: &str, millis: u32) -> Script {
    let params = format!(r#"{{"direction":"{direction}","duration_ms":{millis}}}"#);
    assert_eq!(
        call(&script, "guide", &params).unwrap(),
        json!({"motion": 7})
    );
    script
}

fn begun() -> Script {
    fork().line("t", b"\x01#").begins(Ok(7))
}

#[test]
fn a_pulse_is_half_the_skys_rate_for_so_many_hundredths() {
    for (direction, axis, rate) in [
        ("west", 0x10, 50),
        ("east", 0x10, 206),
        ("north", 0x11, 50),
        ("south", 0x11, 206),
    ] {
        // 350 ms: 35 hundredths, which is the end sign too.
        let script = begun().line([b'P', 3, axis, 0x26, rate, b'#', 0, 0], "#");
        pulse(script, direction, 350);
    }
}

#[test]
fn the_motor_keeps_the_time_and_follows_the_sky_meanwhile() {
    let script = pulse(
        begun().line(b"P\x03\x11\x26\x32\x32\x00\x00", "#"),
        "north",
        504,
    );
    let plan = script.plans().remove(0);
    assert_eq!((plan.kind, plan.orphan), (Kind::Pulse, Orphan::Complete));
    assert_eq!((plan.label.as_str(), plan.first_look), ("north", 500));
    assert_eq!(plan.ending, [ending(STOP_SECOND), ending(b"T\x01")]);
    assert_eq!(look(&fork(), &plan.note).unwrap(), Progress::Done);
    ended(&fork().line(b"T\x01", "#"), &plan.note).unwrap();
}

#[test]
fn a_long_pulse_is_sent_in_parts_of_about_the_same_length() {
    let part = b"P\x03\x11\x26\x32\xc8\x00\x00";
    let script = begun().line(part, "#").line(part, "#").line(part, "#");
    let script = pulse(script, "north", 6_000);
    let first = script.plans().remove(0);
    assert_eq!(first.first_look, 2_000);
    let second = note(look(&script, &first.note).unwrap());
    let third = note(look(&script, &second).unwrap());
    assert_eq!(look(&script, &third).unwrap(), Progress::Done);
}

#[test]
fn the_shortest_and_the_longest_are_sent() {
    pulse(
        begun().line(b"P\x03\x11\x26\x32\x01\x00\x00", "#"),
        "north",
        10,
    );
    pulse(
        begun().line(b"P\x03\x11\x26\x32\xff\x00\x00", "#"),
        "north",
        2_550,
    );
    // 24 parts of 2.5 s.
    let part = b"P\x03\x11\x26\x32\xfa\x00\x00";
    let script = (0..24).fold(begun(), |script, _| script.line(part, "#"));
    let script = pulse(script, "north", 60_000);
    let mut noted = script.plans().remove(0).note;
    for _ in 1..24 {
        noted = note(look(&script, &noted).unwrap());
    }
    assert_eq!(look(&script, &noted).unwrap(), Progress::Done);
}

#[test]
fn a_german_mount_is_asked_which_way_it_looks() {
    let script = attached()
        .line("p", "W#")
        .line("t", b"\x02#")
        .begins(Ok(7))
        .line(b"P\x03\x11\x26\xce\x0a\x00\x00", "#");
    pulse(script, "north", 100);
}
