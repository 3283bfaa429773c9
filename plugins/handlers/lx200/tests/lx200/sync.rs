use super::{AWAKE, PARKED, SLEWING};
use super::{attached, call, onstep, parked, refusal};
use serde_json::json;
use slewgate_sdk::{Host, Script};

const JNOW: &str = r#"{"ra":5.5,"dec":-5.25,"frame":"JNow"}"#;

/// A mount at rest that says where it points: 1 degree off in declination.
fn reading(script: Script) -> Script {
    script.line(":GR#", "05:30:00#").line(":GD#", "-06*15:00#")
}

fn target(script: Script, mark: u8) -> Script {
    let dec = [&b":Sd-05"[..], &[mark], b"15:00#"].concat();
    script.line(":Sr05:30:00#", "1").line(dec, "1")
}

fn classic() -> Script {
    reading(attached().line(":D#", "  #"))
}

fn onstep_at_rest() -> Script {
    reading(onstep().line(":GU#", AWAKE).line(":GU#", AWAKE))
}

#[test]
fn a_classic_answers_with_a_name_whatever_it_is() {
    for name in [
        "Coordinates matched.        #",
        " M31 EX GAL MAG 3.5 SZ178.0'#",
        "#",
    ] {
        let script = target(classic(), 0xdf).line(":CM#", name);
        let answer = call(&script, "sync", JNOW).unwrap();
        assert_eq!(answer, json!({"distance": 1.0}));
    }
}

#[test]
fn an_onstep_says_whether_it_did_and_why_not() {
    let script = target(onstep_at_rest(), b'*').line(":CM#", "N/A#");
    call(&script, "sync", JNOW).unwrap();
    let script = target(onstep_at_rest(), b'*').line(":CM#", "E6#");
    assert_eq!(
        refusal(call(&script, "sync", JNOW)),
        "the mount refused: the object is outside the limits of the axes or the meridian"
    );
}

#[test]
fn a_sync_far_from_the_reading_sends_nothing_unless_it_is_forced() {
    let far = r#"{"ra":5.5,"dec":5.25,"frame":"JNow"}"#;
    assert_eq!(
        refusal(call(&classic(), "sync", far)),
        "the target is 11.5 degrees from where the mount says that it points, more than 5: give force to sync all the same"
    );
    let script = classic()
        .line(":Sr05:30:00#", "1")
        .line(b":Sd+05\xdf15:00#", "1")
        .line(":CM#", "#");
    let forced = r#"{"ra":5.5,"dec":5.25,"frame":"JNow","force":true}"#;
    assert_eq!(
        call(&script, "sync", forced).unwrap(),
        json!({"distance": 11.5})
    );
}

#[test]
fn a_mount_on_its_way_or_parked_is_not_synced() {
    let way = "the mount is on its way: sync when it is there";
    assert_eq!(
        refusal(call(&attached().line(":D#", "|#"), "sync", JNOW)),
        way
    );
    let script = onstep().line(":GU#", SLEWING).line(":GU#", SLEWING);
    assert_eq!(refusal(call(&script, "sync", JNOW)), way);
    let asleep = "the mount is parked: unpark it first";
    assert_eq!(refusal(call(&parked(), "sync", JNOW)), asleep);
    let script = onstep().line(":GU#", PARKED);
    assert_eq!(refusal(call(&script, "sync", JNOW)), asleep);
}

#[test]
fn a_jump_by_a_sync_is_not_taken_for_motion() {
    let script = target(classic().remembering("anchor", "seen elsewhere"), 0xdf).line(":CM#", "#");
    call(&script, "sync", JNOW).unwrap();
    assert_eq!(script.recall("anchor"), Some(Vec::new()));
}
