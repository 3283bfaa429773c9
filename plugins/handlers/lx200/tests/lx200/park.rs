use super::{SLEWING, attached, call, look, note, onstep, parked, refusal};
use serde_json::json;
use slewgate_sdk::{Host, Kind, Orphan, Progress, Script};

/// What a look at rest asks.
fn at_rest(script: Script) -> Script {
    script
        .line(":D#", "  #")
        .line(":GR#", "02:31:49#")
        .line(":GD#", b"+89\xdf15:51#")
}

#[test]
fn a_mount_is_parked_when_it_has_come_to_rest() {
    let script = attached()
        .begins(Ok(4))
        .line(":hP#", "")
        .line(":D#", b"\x7f   #");
    let script = (0..4)
        .fold(script, |script, _| at_rest(script))
        .line(":GS#", "02:31:49#");
    assert_eq!(call(&script, "park", "{}").unwrap(), json!({"motion": 4}));
    let plan = script.plans().remove(0);
    assert_eq!((plan.kind, plan.orphan), (Kind::Slew, Orphan::Complete));
    let mut noted = note(look(&script, &plan.note).unwrap());
    for _ in 0..3 {
        noted = note(look(&script, &noted).unwrap());
        assert_eq!(script.recall("parked"), None);
    }
    assert_eq!(look(&script, &noted).unwrap(), Progress::Done);
    let reason = refusal(call(&script, "jog", r#"{"direction":"north"}"#));
    assert_eq!(reason, "the mount is parked: unpark it first");
}

#[test]
fn a_mount_that_still_moves_is_not_parked() {
    let script = attached().begins(Ok(4)).line(":hP#", "");
    call(&script, "park", "{}").unwrap();
    let mut noted = script.plans().remove(0).note;
    for degree in 10..30 {
        let script = attached()
            .line(":D#", "#")
            .line(":GR#", "02:31:49#")
            .line(":GD#", format!("+{degree}*00:00#"));
        noted = note(look(&script, &noted).unwrap());
    }
}

#[test]
fn an_unparked_mount_obeys_again() {
    let script = parked()
        .line(":D#", "  #")
        .begins(Ok(5))
        .line(":hW#", "")
        .line(":GR#", "02:31:49#")
        .line(":GD#", b"+89\xdf15:51#")
        .begins(Ok(6))
        .line(":RC#", "")
        .line(":Mn#", "");
    assert_eq!(
        refusal(call(&script, "jog", r#"{"direction":"north"}"#)),
        "the mount is parked: unpark it first"
    );
    assert_eq!(call(&script, "unpark", "{}").unwrap(), json!({"motion": 5}));
    assert_eq!(
        look(&script, &script.plans()[0].note).unwrap(),
        Progress::Done
    );
    call(&script, "jog", r#"{"direction":"north"}"#).unwrap();
}

#[test]
fn a_mount_on_its_way_is_not_woken() {
    for (script, question, answer) in [
        (attached(), ":D#", "\u{7f}  #"),
        (onstep(), ":GU#", SLEWING),
    ] {
        assert_eq!(
            refusal(call(&script.line(question, answer), "unpark", "{}")),
            "the mount is on its way: unpark it when it is parked"
        );
    }
}
