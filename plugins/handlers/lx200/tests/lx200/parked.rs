//! What is known of a parked mount after another generation took over, or the line was opened anew: the same call for both.

use super::{attached, call, handler, parked, refusal};
use serde_json::{Value, json};
use slewgate_sdk::{Handler, Moving, Script};

/// What an attach asks of a Classic.
fn attach(script: Script, ra: &str, dec: &str) -> Script {
    script
        .line(":GR#", ra)
        .line(":GD#", marked(dec))
        .line(":h?#", "0")
        .line(":Gt#", b"+51\xdf30#")
        .line(":Gg#", b"000\xdf10#")
}

/// What a sample asks of a mount that says, parked or not, that it follows the stars.
fn look(script: Script, ra: &str, dec: &str, sidereal: &str) -> Script {
    script
        .line(":GR#", ra)
        .line(":GD#", marked(dec))
        .line(":D#", "#")
        .line("\x06", "P")
        .line(":GT#", "60.1#")
        .line(":GS#", sidereal)
}

/// With the degree mark of a Classic.
fn marked(dec: &str) -> Vec<u8> {
    let mark = |byte| if byte == b'*' { 0xdf } else { byte };
    dec.bytes().map(mark).collect()
}

fn sample(script: &Script) -> (Moving, Value, Value) {
    let observation = handler().sample(script).unwrap();
    let data: Value = serde_json::from_str(&observation.data).unwrap();
    (
        observation.moving,
        data["tracking"].clone(),
        data["parked"].clone(),
    )
}

#[test]
fn a_parked_mount_stays_parked_when_the_handler_is_replaced() {
    // Hours later: its right ascension went with the sky.
    let script = attach(parked(), "09:30:00#", "+40*00:00#").line(":GS#", "12:30:01#");
    let script = look(script, "09:30:01#", "+40*00:00#", "12:30:02#");
    handler().attach(&script).unwrap();
    script.pass(1000);
    assert_eq!(sample(&script), (Moving::Still, json!("off"), json!(true)));
    let reason = refusal(call(&script, "goto", r#"{"ra":1,"dec":2}"#));
    assert_eq!(reason, "the mount is parked: unpark it first");
}

#[test]
fn a_mount_without_seconds_stays_parked_too() {
    let script = parked()
        .line(":GR#", "23:30.1#")
        .line(":GD#", b"+40\xdf01#")
        .line(":U#", "")
        .line(":GR#", "23:30.1#")
        .line(":GD#", b"+40\xdf01#")
        .line(":h?#", "0")
        .line(":Gt#", b"+51\xdf30#")
        .line(":Gg#", b"000\xdf10#")
        .line(":GS#", "02:30:00#");
    handler().attach(&script).unwrap();
    refusal(call(&script, "goto", r#"{"ra":1,"dec":2}"#));
}

#[test]
fn a_mount_that_follows_the_sky_is_known_to_be_awake_across_a_replacement() {
    let (ra, dec) = ("05:30:00#", "+30*00:00#");
    let looks = (0..3).fold(attached(), |script, _| look(script, ra, dec, "02:00:00#"));
    let script = look(attach(looks, ra, dec), ra, dec, "02:00:00#");
    let seen = [0, 15_000, 15_000].map(|millis| {
        script.pass(millis);
        sample(&script)
    });
    let parked = seen.map(|(_, _, parked)| parked);
    assert_eq!(parked, [Value::Null, Value::Null, json!(false)]);

    script.pass(1000);
    handler().attach(&script).unwrap();
    assert_eq!(
        sample(&script),
        (Moving::Tracking, json!("sidereal"), json!(false))
    );
}

#[test]
fn of_a_parked_mount_that_was_moved_nothing_is_known_until_it_is_seen_to_follow_the_sky() {
    // A look at it where it was parked, then the line was gone for a while.
    let script = look(parked(), "09:30:00#", "+40*00:00#", "12:30:00#");
    let (ra, dec) = ("09:40:00#", "+20*00:00#");
    let script = attach(script, ra, dec).line(":GS#", "12:30:10#");
    let script = (0..3).fold(script, |script, _| look(script, ra, dec, "12:30:10#"));
    assert_eq!(sample(&script).2, true);
    script.pass(10_000);
    handler().attach(&script).unwrap();
    let seen = [0, 15_000, 15_000].map(|millis| {
        script.pass(millis);
        sample(&script)
    });
    assert!(
        seen.iter().all(|(moving, ..)| *moving == Moving::Tracking),
        "{seen:?}"
    );
    let parked = seen.map(|(_, _, parked)| parked);
    assert_eq!(parked, [Value::Null, Value::Null, json!(false)]);
}

#[test]
fn a_mount_that_followed_the_sky_from_where_it_was_parked_is_not_taken_for_parked() {
    // A minute later its right ascension is what it was.
    let script = attach(parked(), "09:30:00#", "+40*00:00#").line(":GS#", "12:31:00#");
    let script = look(script, "09:30:00#", "+40*00:00#", "12:31:00#");
    handler().attach(&script).unwrap();
    assert_eq!(sample(&script).2, Value::Null);
}

#[test]
fn a_mount_that_stands_but_was_not_parked_is_neither() {
    let script = attach(attached(), "09:30:00#", "+40*00:00#");
    let script = (0..30).fold(script, |script, second| {
        look(
            script,
            &format!("09:30:{second:02}#"),
            "+40*00:00#",
            "12:30:00#",
        )
    });
    handler().attach(&script).unwrap();
    let seen: Vec<_> = (0..30)
        .map(|_| {
            let seen = sample(&script);
            script.pass(1000);
            seen
        })
        .collect();
    assert!(seen.iter().all(|(.., parked)| parked.is_null()), "{seen:?}");
    assert_eq!(seen[29].1, "off");
}

#[test]
fn a_mount_that_is_seen_to_move_is_not_parked() {
    let script = look(attached(), "09:30:00#", "+40*00:00#", "12:30:00#");
    let script = look(script, "09:30:00#", "+40*05:00#", "12:30:01#");
    let script = look(script, "09:30:00#", "+40*05:00#", "12:30:01#");
    let parked = [0, 1000, 500].map(|millis| {
        script.pass(millis);
        sample(&script).2
    });
    assert_eq!(parked, [Value::Null, json!(false), json!(false)]);
}
