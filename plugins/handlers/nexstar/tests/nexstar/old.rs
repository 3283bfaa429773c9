//! Hand controls of every age: what came later is not asked of them, and its absence is told with the version that has it.

use super::{STOP_FIRST, STOP_SECOND, call, ending, handler, refusal};
use slewgate_sdk::{Handler, Script};

/// What each version is asked when the line is opened.
fn attach(version: (u8, u8)) -> Script {
    let (major, minor) = version;
    let mut script = Script::new().line("V", [major, minor, b'#']);
    if major == 1 {
        script = script.line("v", "").line(super::ECHO, super::ECHOED);
        // Whatever is asked next comes after the echo.
    }
    if version >= (2, 2) {
        script = script.line("m", b"\x05#");
    }
    if version >= (2, 3) {
        script = script
            .line("w", b"\x33\x1e\x00\x00\x00\x0a\x00\x01#")
            .line("h", b"\x00\x00\x00\x01\x01\x1a\x00\x00#");
    }
    if version >= (1, 6) {
        script = script
            .line(b"P\x01\x10\xfe\x00\x00\x00\x02", b"\x05\x03#")
            .line(b"P\x01\x10\x27\x00\x00\x00\x01", b"\x00\x00#")
            .line(b"P\x01\x10\x12\x00\x00\x00\x01", b"\x00\x00#");
    }
    script
}

#[test]
fn each_version_has_what_came_before_it() {
    let all: &[&str] = &[
        "guide", "home", "jog", "park", "set_site", "set_time", "sync", "track", "unpark",
    ];
    for (version, lacks) in [
        (
            (1, 6),
            &[
                "guide", "home", "park", "set_site", "set_time", "sync", "unpark",
            ][..],
        ),
        (
            (2, 2),
            &[
                "guide", "home", "park", "set_site", "set_time", "sync", "unpark",
            ],
        ),
        ((2, 3), &["guide", "home", "sync"]),
        ((4, 9), &["guide", "home", "sync"]),
        ((4, 10), &["guide", "home"]),
    ] {
        let attachment = handler().attach(&attach(version)).unwrap();
        assert_eq!(attachment.lacks, lacks, "{version:?}");
        assert_eq!(
            attachment.stops[0].exchanges,
            [ending(STOP_FIRST), ending(STOP_SECOND), ending(b"M")]
        );
    }
    // Nothing follows the version, so that no echo is asked for.
    let first = Script::new().line("V", b"\x01\x02#").line("v", "");
    let attachment = handler().attach(&first).unwrap();
    assert_eq!(attachment.lacks, all);
    // What is absent is refused by the host, which tells the model.
    assert_eq!(
        attachment.model,
        "NexStar mount, NexStar hand control 1.02 (1.06 has guide, home, jog, track; 2.03 has park, set_site, set_time, unpark; 4.10 has sync)"
    );
    assert_eq!(attachment.stops[0].exchanges, [ending(b"M")]);
}

#[test]
fn what_is_absent_is_refused_with_the_version_that_has_it() {
    let old = attach((2, 2));
    handler().attach(&old).unwrap();
    for (verb, params, since) in [
        ("sync", r#"{"ra":1,"dec":2}"#, "4.10"),
        ("set_time", "{}", "2.03"),
        ("set_site", r#"{"latitude":1,"longitude":2}"#, "2.03"),
        ("park", "{}", "2.03"),
        ("unpark", "{}", "2.03"),
    ] {
        assert_eq!(
            refusal(call(&old, verb, params)),
            format!("NexStar hand control 2.02 has no {verb}: version {since} has it")
        );
    }
    let first = Script::new().line("V", b"\x01\x02#").line("v", "");
    handler().attach(&first).unwrap();
    for (verb, params) in [
        ("jog", r#"{"direction":"north"}"#),
        ("track", r#"{"mode":"off"}"#),
        ("home", "{}"),
    ] {
        assert_eq!(
            refusal(call(&first, verb, params)),
            format!("NexStar hand control 1.02 has no {verb}: version 1.06 has it")
        );
    }
}

/// What an attach kept of a version, without what it asked.
fn of_version(major: u8, minor: u8) -> Script {
    Script::new().remembering("found", super::found(major, minor, "null", "{}"))
}

#[test]
fn the_first_tells_positions_in_four_digits_and_nobody_knows_what_it_follows() {
    let script = of_version(1, 2).line("E", "3AAB,FC44#").line("L", "0#");
    let status = call(&script, "status", "{}").unwrap();
    assert!((status["ra"].as_f64().unwrap() - 5.5).abs() < 0.001);
    assert!((status["dec"].as_f64().unwrap() + 5.25).abs() < 0.01);
    assert_eq!(status["tracking"], serde_json::Value::Null);
    let script = of_version(1, 2)
        .line("J", b"\x01#")
        .begins(Ok(1))
        .line("L", "0#")
        .line("R3AAB,FC44", "#");
    call(&script, "goto", r#"{"ra":5.5,"dec":-5.25,"frame":"JNow"}"#).unwrap();
}

#[test]
fn before_2_3_what_it_follows_is_what_it_was_told() {
    let script = of_version(1, 6)
        .line("e", "3AAAAB00,FC444400#")
        .line("L", "0#")
        .line(b"T\x00", "#")
        .line("e", "3AAAAB00,FC444400#")
        .line("L", "0#")
        .line(b"T\x01", "#");
    let tracking = |script: &Script| call(script, "status", "{}").unwrap()["tracking"].clone();
    assert_eq!(tracking(&script), "sidereal");
    call(&script, "track", r#"{"mode":"off"}"#).unwrap();
    assert_eq!(tracking(&script), "off");
    call(&script, "track", r#"{"mode":"sidereal"}"#).unwrap();
}
