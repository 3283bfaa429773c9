//! What one generation of the handler begins, the next completes: after its own `attach`, with the note and what was kept.

use super::{AWAKE, PARKED, SLEWING, attached, call, handler, look, note, onstep};
use slewgate_sdk::{Handler, Progress, Script};

/// What the next generation asks a Classic that it knows.
fn attach_classic(script: Script) -> Script {
    script
        .line(":GR#", "05:30:00#")
        .line(":GD#", b"-05\xdf15:00#")
        .line(":h?#", "0")
        .line(":Gt#", b"+51\xdf30#")
        .line(":Gg#", b"000\xdf10#")
}

fn attach_onstep(script: Script, flags: &str) -> Script {
    script
        .line(":GR#", "05:30:00#")
        .line(":GD#", "-05*15:00#")
        .line(":GVP#", "On-Step#")
        .line(":GVN#", "10.24#")
        .line(":GU#", flags)
        .line(":Gt#", "+51*30#")
        .line(":Gg#", "+000*10#")
}

/// Begins by one generation, is taken over by the next, and looked after by it until this comes of it.
fn handed_over(script: &Script, verb: &str, params: &str, looks: usize) -> Progress {
    call(script, verb, params).unwrap();
    let mut noted = script.plans().remove(0).note;
    handler().attach(script).unwrap();
    for _ in 1..looks {
        noted = note(look(script, &noted).unwrap());
    }
    look(script, &noted).unwrap()
}

const GOTO: (&str, &str) = ("goto", r#"{"ra":5.5,"dec":-5.25,"frame":"JNow"}"#);
const GUIDE: (&str, &str) = ("guide", r#"{"direction":"north","duration_ms":30000}"#);

#[test]
fn a_goto_is_completed() {
    let script = attached()
        .line(":Sr05:30:00#", "1")
        .line(b":Sd-05\xdf15:00#", "1")
        .begins(Ok(1))
        .line(":MS#", "0");
    let script = attach_classic(script)
        .line(":D#", "|#")
        .line(":D#", "#")
        .line(":GR#", "05:30:00#")
        .line(":GD#", b"-05\xdf15:00#");
    assert_eq!(handed_over(&script, GOTO.0, GOTO.1, 2), Progress::Done);

    let script = onstep()
        .line(":GU#", AWAKE)
        .line(":Sr05:30:00#", "1")
        .line(":Sd-05*15:00#", "1")
        .begins(Ok(1))
        .line(":MS#", "0");
    let script = attach_onstep(script, SLEWING)
        .line(":GU#", SLEWING)
        .line(":GU#", AWAKE)
        .line(":GR#", "05:30:00#")
        .line(":GD#", "-05*15:00#");
    assert_eq!(handed_over(&script, GOTO.0, GOTO.1, 2), Progress::Done);
}

#[test]
fn a_pulse_is_ended_and_its_parts_are_sent() {
    let script = attached().begins(Ok(1)).line(":RG#:Mn#", "");
    let script = attach_classic(script).line(":Qn#", "");
    assert_eq!(handed_over(&script, GUIDE.0, GUIDE.1, 1), Progress::Done);

    let script = onstep()
        .line(":GU#", AWAKE)
        .begins(Ok(1))
        .line(":Mgn15000#", "");
    let script = attach_onstep(script, "NpGgzE250#").line(":Mgn15000#", "");
    assert_eq!(handed_over(&script, GUIDE.0, GUIDE.1, 2), Progress::Done);
}

#[test]
fn a_park_is_completed_and_known_afterwards() {
    let script = attach_classic(attached().begins(Ok(1)).line(":hP#", ""));
    let script = (0..4).fold(script, |script, _| {
        script
            .line(":D#", "#")
            .line(":GR#", "05:30:00#")
            .line(":GD#", b"+89\xdf59:00#")
    });
    let script = script.line(":GS#", "12:00:00#");
    assert_eq!(handed_over(&script, "park", "{}", 4), Progress::Done);
    let reason = super::refusal(call(&script, "jog", r#"{"direction":"north"}"#));
    assert_eq!(reason, "the mount is parked: unpark it first");

    let script = onstep().begins(Ok(1)).line(":GU#", AWAKE).line(":hP#", "1");
    let script = attach_onstep(script, "nIzE250#").line(":GU#", PARKED);
    assert_eq!(handed_over(&script, "park", "{}", 1), Progress::Done);
}

#[test]
fn a_way_home_is_completed() {
    let script = onstep().line(":GU#", AWAKE).begins(Ok(1));
    let script = script.line(":GU#", AWAKE).line(":hC#", "");
    let script = attach_onstep(script, "nNphzE250#").line(":GU#", "nNpHzE250#");
    assert_eq!(handed_over(&script, "home", "{}", 1), Progress::Done);
}
