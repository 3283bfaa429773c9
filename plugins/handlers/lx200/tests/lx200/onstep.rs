//! What OnStep does otherwise: it tells what it is about.

use super::{AWAKE, PARKED, SLEWING, call, handler, look, note, onstep, refusal};
use serde_json::{Value, json};
use slewgate_sdk::{Handler, Moving, Progress, Script};

const JNOW: &str = r#"{"ra":5.5,"dec":-5.25,"frame":"JNow"}"#;

fn seen(flags: &str, pier: &str) -> (Moving, Value) {
    let script = onstep()
        .line(":GR#", "05:30:00#")
        .line(":GD#", "+30*00:00#")
        .line(":GU#", flags)
        .line(":Gm#", pier)
        .line(":GS#", "02:10:53#");
    let observation = handler().sample(&script).unwrap();
    let data = serde_json::from_str(&observation.data).unwrap();
    (observation.moving, data)
}

#[test]
fn a_status_is_what_the_mount_says() {
    for (flags, pier, moving, [tracking, slewing, parked, side]) in [
        (
            AWAKE,
            "E#",
            Moving::Tracking,
            [json!("sidereal"), json!(false), json!(false), json!("east")],
        ),
        (
            PARKED,
            "N#",
            Moving::Still,
            [json!("off"), json!(false), json!(true), Value::Null],
        ),
        (
            SLEWING,
            "W#",
            Moving::Moving,
            [json!("sidereal"), json!(true), json!(false), json!("west")],
        ),
        (
            "nNpzE250#",
            "?#",
            Moving::Still,
            [json!("off"), json!(false), json!(false), Value::Null],
        ),
        (
            "Np(zE250#",
            "W#",
            Moving::Tracking,
            [json!("lunar"), json!(false), json!(false), json!("west")],
        ),
        (
            "NpOzE250#",
            "W#",
            Moving::Tracking,
            [json!("solar"), json!(false), json!(false), json!("west")],
        ),
        (
            "NpkzE250#",
            "W#",
            Moving::Tracking,
            [Value::Null, json!(false), json!(false), json!("west")],
        ),
        (
            "NpgzE250#",
            "W#",
            Moving::Moving,
            [json!("sidereal"), json!(true), json!(false), json!("west")],
        ),
        (
            "NpGgzE250#",
            "W#",
            Moving::Moving,
            [json!("sidereal"), json!(false), json!(false), json!("west")],
        ),
        (
            "nNIzE250#",
            "W#",
            Moving::Moving,
            [json!("off"), json!(true), json!(false), json!("west")],
        ),
        (
            "nNphzE250#",
            "W#",
            Moving::Moving,
            [json!("off"), json!(true), json!(false), json!("west")],
        ),
    ] {
        let (moves, data) = seen(flags, pier);
        assert_eq!(moves, moving, "{flags}");
        let told = ["tracking", "slewing", "parked", "pier_side"].map(|key| data[key].clone());
        assert_eq!(told, [tracking, slewing, parked, side], "{flags}");
    }
}

fn set_out(script: Script) -> Script {
    script
        .line(":GU#", AWAKE)
        .line(":Sr05:30:00#", "1")
        .line(":Sd-05*15:00#", "1")
        .begins(Ok(7))
}

#[test]
fn every_refusal_of_a_goto_is_told_in_words() {
    for (code, words) in [
        ("1", "the object is below the horizon limit"),
        ("2", "the object is above the overhead limit"),
        ("3", "the controller is in standby"),
        ("4", "it is parked"),
        (
            "6",
            "the object is outside the limits of the axes or the meridian",
        ),
        ("7", "the hardware has a fault"),
        ("9", "it gives no reason"),
    ] {
        let script = set_out(onstep()).line(":MS#", code);
        let reason = refusal(call(&script, "goto", JNOW));
        assert_eq!(reason, format!("the mount refused: {words}"));
    }
}

#[test]
fn a_goto_takes_the_place_of_one_under_way_and_of_a_jog_that_runs_out() {
    for code in ["5", "8"] {
        let script = set_out(onstep())
            .line(":MS#", code)
            .line(":Q#", "")
            .line(":GU#", SLEWING)
            .line(":GU#", "NpgzE250#")
            .line(":GU#", AWAKE)
            .line(":MS#", "0");
        assert_eq!(call(&script, "goto", JNOW).unwrap(), json!({"motion": 7}));
    }
}

#[test]
fn park_and_home_take_the_place_of_what_goes_on() {
    for (verb, order, reply) in [("park", ":hP#", "1"), ("home", ":hC#", "")] {
        for moving in [SLEWING, "NpgzE250#", "NpGgzE250#"] {
            let script = match verb {
                "home" => onstep().line(":GU#", moving),
                _ => onstep(),
            };
            let script = script
                .begins(Ok(7))
                .line(":GU#", moving)
                .line(":Q#", "")
                .line(":GU#", moving)
                .line(":GU#", AWAKE)
                .line(order, reply);
            assert_eq!(call(&script, verb, "{}").unwrap(), json!({"motion": 7}));
        }
    }
}

#[test]
fn a_goto_is_done_when_the_mount_says_so_at_the_target() {
    let script = set_out(onstep())
        .line(":MS#", "0")
        .line(":GU#", SLEWING)
        .line(":GU#", AWAKE)
        .line(":GR#", "05:30:01#")
        .line(":GD#", "-05*15:30#");
    call(&script, "goto", JNOW).unwrap();
    let second = note(look(&script, &script.plans()[0].note).unwrap());
    assert_eq!(look(&script, &second).unwrap(), Progress::Done);
}

#[test]
fn tracking_is_a_rate_and_a_switch() {
    for (mode, bytes) in [("sidereal", ":TQ#"), ("solar", ":TS#"), ("lunar", ":TL#")] {
        let script = onstep()
            .line(":GU#", AWAKE)
            .line(bytes, "")
            .line(":Te#", "1");
        let answer = call(&script, "track", &json!({"mode": mode}).to_string());
        assert_eq!(answer.unwrap(), json!({"tracking": mode}));
    }
    let script = onstep().line(":GU#", AWAKE).line(":Td#", "1");
    call(&script, "track", r#"{"mode":"off"}"#).unwrap();
}

#[test]
fn what_it_refuses_it_is_asked_to_explain() {
    for (error, reason) in [
        ("22#", "the mount refused: it is in motion already"),
        (
            "15#",
            "the mount refused: the object is below the horizon limit",
        ),
        (
            "12#",
            "the mount refused: it has no park position; set one on the mount",
        ),
        ("09#", "the mount refused: it is parked"),
        ("01#", "the mount refused, and gives no reason"),
        ("99#", "the mount refused, and gives no reason"),
        ("0", "the mount refused, and gives no reason"),
        ("", "the mount refused, and gives no reason"),
    ] {
        let script = onstep()
            .line(":GU#", AWAKE)
            .line(":Td#", "0")
            .line(":GE#", error);
        assert_eq!(refusal(call(&script, "track", r#"{"mode":"off"}"#)), reason);
    }
}

#[test]
fn parking_is_followed_by_its_flags() {
    let script = onstep()
        .begins(Ok(4))
        .line(":GU#", AWAKE)
        .line(":hP#", "1")
        .line(":GU#", AWAKE)
        .line(":GU#", "nIzE250#")
        .line(":GU#", PARKED);
    assert_eq!(call(&script, "park", "{}").unwrap(), json!({"motion": 4}));
    let mut noted = script.plans().remove(0).note;
    for _ in 0..2 {
        noted = note(look(&script, &noted).unwrap());
    }
    assert_eq!(look(&script, &noted).unwrap(), Progress::Done);
}

#[test]
fn parking_that_fails_is_told() {
    let begun = || {
        let script = onstep().begins(Ok(4)).line(":GU#", AWAKE).line(":hP#", "1");
        call(&script, "park", "{}").unwrap();
        script.plans().remove(0).note
    };
    let script = onstep().line(":GU#", "nNFzE250#");
    assert_eq!(
        look(&script, &begun()).unwrap(),
        Progress::Failed("the mount says that parking failed".into())
    );
    let script = (0..6).fold(onstep(), |script, _| script.line(":GU#", AWAKE));
    let mut noted = begun();
    for _ in 0..5 {
        noted = note(look(&script, &noted).unwrap());
    }
    assert_eq!(
        look(&script, &noted).unwrap(),
        Progress::Failed("the mount came to rest, and says that it is not parked".into())
    );
    let script = onstep()
        .begins(Ok(4))
        .line(":GU#", AWAKE)
        .line(":hP#", "0")
        .line(":GE#", "12#");
    assert_eq!(
        refusal(call(&script, "park", "{}")),
        "the mount refused: it has no park position; set one on the mount"
    );
}

#[test]
fn a_mount_that_is_parked_already_is_not_parked_again_nor_one_awake_woken() {
    let script = onstep()
        .begins(Ok(4))
        .line(":GU#", PARKED)
        .line(":GU#", PARKED);
    call(&script, "park", "{}").unwrap();
    assert_eq!(
        look(&script, &script.plans()[0].note).unwrap(),
        Progress::Done
    );
    let script = onstep()
        .line(":GU#", AWAKE)
        .begins(Ok(4))
        .line(":GU#", AWAKE)
        .line(":GU#", AWAKE);
    call(&script, "unpark", "{}").unwrap();
    assert_eq!(
        look(&script, &script.plans()[0].note).unwrap(),
        Progress::Done
    );
}

#[test]
fn a_parked_mount_is_woken() {
    let script = onstep()
        .line(":GU#", PARKED)
        .begins(Ok(4))
        .line(":GU#", PARKED)
        .line(":hR#", "1")
        .line(":GU#", PARKED)
        .line(":GU#", AWAKE);
    call(&script, "unpark", "{}").unwrap();
    let second = note(look(&script, &script.plans()[0].note).unwrap());
    assert_eq!(look(&script, &second).unwrap(), Progress::Done);
}

#[test]
fn a_parked_mount_is_sent_nothing_that_it_would_pass_over() {
    for (verb, params) in [
        ("goto", JNOW),
        ("jog", r#"{"direction":"north"}"#),
        ("track", r#"{"mode":"sidereal"}"#),
    ] {
        let script = onstep().line(":GU#", PARKED);
        let reason = refusal(call(&script, verb, params));
        assert_eq!(reason, "the mount is parked: unpark it first", "{verb}");
    }
}

#[test]
fn a_jog_has_the_bytes_of_all_these_mounts() {
    let script = onstep()
        .line(":GU#", AWAKE)
        .begins(Ok(3))
        .line(":GU#", AWAKE)
        .line(":RS#", "")
        .line(":Mw#", "");
    let params = r#"{"direction":"west","rate":"slew"}"#;
    call(&script, "jog", params).unwrap();
    assert_eq!(script.plans()[0].ending[0].request, b":Qw#");
}

#[test]
fn a_jog_waits_until_the_mount_rests_that_was_on_its_way() {
    let script = onstep()
        .line(":GU#", SLEWING)
        .begins(Ok(3))
        .line(":GU#", SLEWING)
        .line(":Q#", "")
        .line(":GU#", SLEWING)
        .line(":GU#", AWAKE)
        .line(":RC#", "")
        .line(":Mw#", "");
    call(&script, "jog", r#"{"direction":"west"}"#).unwrap();
}

#[test]
fn flags_that_are_none_are_told_as_they_came() {
    for flags in ["#", "250#", "05:30:00#"] {
        let script = onstep()
            .line(":GR#", "05:30:00#")
            .line(":GD#", "+30*00:00#")
            .line(":GU#", flags);
        let error = handler().sample(&script).unwrap_err();
        let said = flags.trim_end_matches('#');
        let told = format!("the mount answered `{said}` to :GU#");
        assert_eq!(error, slewgate_sdk::Failure::Hardware(told));
    }
}
