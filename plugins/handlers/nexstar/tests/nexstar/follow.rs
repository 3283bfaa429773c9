use super::{attached, call, fork, found, parked, refusal};
use serde_json::json;
use slewgate_sdk::Script;

fn track(script: &Script, mode: &str) {
    let params = format!(r#"{{"mode":"{mode}"}}"#);
    assert_eq!(
        call(script, "track", &params).unwrap(),
        json!({ "tracking": mode })
    );
}

#[test]
fn it_stands_and_follows_again_as_it_did() {
    let script = fork()
        .line(b"T\x00", "#")
        .line("t", b"\x00#")
        .line(b"T\x01", "#");
    track(&script, "off");
    track(&script, "sidereal");
    // By one axis on a wedge: that is what it said before.
    let script = fork()
        .line("t", b"\x03#")
        .line(b"T\x03", "#")
        .line(b"T\x00", "#")
        .line("t", b"\x00#")
        .line(b"T\x03", "#");
    track(&script, "sidereal");
    track(&script, "off");
    track(&script, "sidereal");
}

#[test]
fn where_it_never_followed_it_does_as_its_model_its_hemisphere_and_the_settings_say() {
    let southern = |model: &str| found(5, 31, model, "{}").replace("51.5", "-33.9");
    let set = |how: &str| found(5, 31, "11", "{}").replace("\"equatorial\":null", how);
    for (found, mode) in [
        (found(5, 31, "11", "{}"), 1),
        (found(5, 31, "23", "{}"), 2),
        (southern("23"), 3),
        (southern("11"), 1),
        (set("\"equatorial\":true"), 2),
        (set("\"equatorial\":false"), 1),
    ] {
        let script = Script::new()
            .remembering("found", found)
            .line("t", b"\x00#")
            .line([b'T', mode], "#");
        track(&script, "sidereal");
    }
}

#[test]
fn a_cge_of_some_versions_counts_from_the_north() {
    for model in ["5", "6"] {
        for (minor, latitude, mode) in [
            (0, "51.5", 2),
            (1, "51.5", 1),
            (4, "51.5", 1),
            (4, "-33.9", 2),
            (5, "51.5", 2),
        ] {
            let script = Script::new()
                .remembering(
                    "found",
                    found(3, minor, model, "{}").replace("51.5", latitude),
                )
                .line("t", b"\x00#")
                .line([b'T', mode], "#");
            track(&script, "sidereal");
        }
    }
    // There 1 is one axis, and the Sun can be followed.
    let script = Script::new()
        .remembering("found", found(3, 2, "5", "{}"))
        .line("t", b"\x01#")
        .line(b"T\x01", "#")
        .line(b"P\x03\x10\x06\xff\xfe\x00\x00", "#");
    track(&script, "solar");
}

#[test]
fn the_sun_and_the_moon_have_rates_of_the_motors() {
    for (mode, low) in [("solar", 0xfe), ("lunar", 0xfd)] {
        let script = attached()
            .line("t", b"\x02#")
            .line(b"T\x02", "#")
            .line([b'P', 3, 0x10, 6, 0xff, low, 0, 0], "#")
            .line("e", "3AAAAB00,FC444400#")
            .line("L", "0#")
            .line("t", b"\x02#")
            .line("p", "W#");
        track(&script, mode);
        assert_eq!(call(&script, "status", "{}").unwrap()["tracking"], mode);
    }
    let script = Script::new()
        .remembering("found", found(5, 31, "23", "{}").replace("51.5", "-33.9"))
        .line("t", b"\x03#")
        .line(b"T\x03", "#")
        .line(b"P\x03\x10\x07\xff\xfe\x00\x00", "#");
    track(&script, "solar");
}

#[test]
fn by_both_axes_only_the_hand_control_can_follow_the_sun() {
    let script = fork().line("t", b"\x01#");
    assert!(refusal(call(&script, "track", r#"{"mode":"solar"}"#)).contains("both axes"));
}

#[test]
fn a_parked_mount_follows_nothing() {
    let script = parked().line("t", b"\x00#");
    assert_eq!(
        refusal(call(&script, "track", r#"{"mode":"sidereal"}"#)),
        "the mount is parked: unpark it first"
    );
}
