use super::{AWAKE, PARKED, SLEWING, attached, call, handler, look, note, onstep, refusal};
use serde_json::json;
use slewgate_sdk::{Failure, Handler, Kind, LineError, Occasion, Orphan, Progress, Script};

const DEAF: &str = "the mount is looking for its home, and answers nothing but a stop meanwhile";

/// A Classic that was sent to look for its home, and the note of that.
fn homing() -> (Script, Vec<u8>) {
    let script = attached().begins(Ok(4)).line(":hF#", "");
    assert_eq!(call(&script, "home", "{}").unwrap(), json!({"motion": 4}));
    let plan = script.plans().remove(0);
    assert_eq!((plan.kind, plan.orphan), (Kind::Slew, Orphan::Complete));
    assert_eq!(plan.label, "home");
    (script, plan.note)
}

/// The looks that these answers lead to, but the last.
fn looks(script: &Script, mut noted: Vec<u8>, times: usize) -> Vec<u8> {
    for _ in 0..times {
        noted = note(look(script, &noted).unwrap());
    }
    noted
}

fn answers(script: Script, digits: &str) -> Script {
    let digits = digits.chars();
    digits.fold(script, |script, digit| {
        script.line(":h?#", digit.to_string())
    })
}

#[test]
fn a_classic_looks_for_its_marks_and_says_when_it_has_them() {
    let (script, noted) = homing();
    let script = answers(script, "2221");
    let noted = looks(&script, noted, 3);
    assert_eq!(look(&script, &noted).unwrap(), Progress::Done);
}

#[test]
fn a_search_without_success_is_told() {
    let (script, noted) = homing();
    let script = answers(script, "20");
    let noted = looks(&script, noted, 1);
    assert_eq!(
        look(&script, &noted).unwrap(),
        Progress::Failed("the mount did not find its home".into())
    );
}

#[test]
fn the_digit_of_an_older_search_is_given_time() {
    let (script, noted) = homing();
    let script = answers(script, "1121");
    let noted = looks(&script, noted, 3);
    assert_eq!(look(&script, &noted).unwrap(), Progress::Done);
    // One that needs no search is there after a while.
    let (script, noted) = homing();
    let script = answers(script, "1111");
    let noted = looks(&script, noted, 3);
    assert_eq!(look(&script, &noted).unwrap(), Progress::Done);
}

#[test]
fn a_classic_that_searches_is_asked_and_told_nothing_else() {
    let (script, _) = homing();
    let script = answers(script, "22222222222");
    for (verb, params) in [
        ("status", "{}"),
        ("goto", r#"{"ra":1,"dec":2}"#),
        ("sync", r#"{"ra":1,"dec":2}"#),
        ("jog", r#"{"direction":"north"}"#),
        ("guide", r#"{"direction":"north","duration_ms":100}"#),
        ("track", r#"{"mode":"off"}"#),
        ("park", "{}"),
        ("unpark", "{}"),
        ("home", "{}"),
        ("set_site", r#"{"latitude":1,"longitude":2}"#),
        ("set_time", "{}"),
    ] {
        assert_eq!(refusal(call(&script, verb, params)), DEAF, "{verb}");
    }
}

#[test]
fn a_search_that_is_over_without_being_looked_after_no_longer_counts() {
    let (script, _) = homing();
    script.pass(2000);
    let script = answers(script, "1")
        .begins(Ok(5))
        .line(":RC#", "")
        .line(":Mn#", "")
        .begins(Ok(6))
        .line(":RC#", "")
        .line(":Ms#", "");
    call(&script, "jog", r#"{"direction":"north"}"#).unwrap();
    call(&script, "jog", r#"{"direction":"south"}"#).unwrap();
}

#[test]
fn a_search_that_was_stopped_no_longer_counts() {
    let (script, noted) = homing();
    let ended = handler().advance(&script, 4, Occasion::Ended, &noted);
    assert_eq!(ended.unwrap(), Progress::Done);
    let script = script.begins(Ok(5)).line(":RC#", "").line(":Mn#", "");
    call(&script, "jog", r#"{"direction":"north"}"#).unwrap();
}

#[test]
fn only_the_mount_itself_says_that_a_search_is_over() {
    let (script, _) = homing();
    let jog = |script: &Script| call(script, "jog", r#"{"direction":"north"}"#);
    // The first answer is of the search before.
    let script = answers(script, "1");
    assert_eq!(refusal(jog(&script)), DEAF);
    script.pass(5000);
    let script = script.line(":h?#", "").line(":h?#", "7");
    assert_eq!(
        jog(&script).unwrap_err(),
        Failure::Line(LineError::Timeout(vec![]))
    );
    let garbled = Failure::Hardware("the mount answered `7` to :h?#".into());
    assert_eq!(jog(&script).unwrap_err(), garbled);
    let script = answers(script, "2");
    assert_eq!(refusal(jog(&script)), DEAF);
    let script = answers(script, "0")
        .begins(Ok(5))
        .line(":RC#", "")
        .line(":Mn#", "");
    jog(&script).unwrap();
}

#[test]
fn the_end_of_an_older_search_is_not_taken_for_that_of_the_newer() {
    let (script, noted) = homing();
    script.pass(3000);
    let script = answers(script, "0").begins(Ok(5)).line(":hF#", "");
    call(&script, "home", "{}").unwrap();
    let ended = handler().advance(&script, 4, Occasion::Ended, &noted);
    assert_eq!(ended.unwrap(), Progress::Done);
    let script = answers(script, "2");
    assert_eq!(refusal(call(&script, "status", "{}")), DEAF);
}

#[test]
fn a_generation_that_takes_over_during_the_search_knows_the_mount_and_completes_it() {
    let (script, noted) = homing();
    let script = answers(script, "2221");
    let noted = looks(&script, noted, 1);
    let attachment = handler().attach(&script).unwrap();
    assert_eq!(attachment.model, "LX200 Classic");
    assert_eq!(attachment.stops[0].exchanges[0].request, b":Q#");
    let noted = looks(&script, noted, 1);
    assert_eq!(look(&script, &noted).unwrap(), Progress::Done);
}

#[test]
fn another_mount_after_a_search_is_found_anew() {
    let (script, _) = homing();
    let script = script
        .line(":h?#", "")
        .line(":GR#", "05:35:17#")
        .line(":GD#", "+41*16:09#")
        .line(":GVP#", "On-Step#")
        .line(":GVN#", "10.24#")
        .line(":GU#", AWAKE)
        .line(":Gt#", "+51*30#")
        .line(":Gg#", "-010*00#");
    assert_eq!(handler().attach(&script).unwrap().model, "OnStepX 10.24");
}

#[test]
fn an_onstep_goes_to_its_home_and_never_takes_where_it_stands_for_it() {
    let script = onstep()
        .line(":GU#", AWAKE)
        .begins(Ok(4))
        .line(":GU#", AWAKE)
        .line(":hC#", "")
        .line(":GU#", AWAKE)
        .line(":GU#", "nNphzE250#")
        .line(":GU#", SLEWING)
        .line(":GU#", "nNpHzE250#");
    assert_eq!(call(&script, "home", "{}").unwrap(), json!({"motion": 4}));
    let noted = looks(&script, script.plans().remove(0).note, 3);
    assert_eq!(look(&script, &noted).unwrap(), Progress::Done);
}

#[test]
fn an_onstep_that_stops_elsewhere_is_not_at_home() {
    let script = onstep()
        .line(":GU#", AWAKE)
        .begins(Ok(4))
        .line(":GU#", AWAKE)
        .line(":hC#", "");
    let script = (0..6).fold(script, |script, _| script.line(":GU#", AWAKE));
    call(&script, "home", "{}").unwrap();
    let noted = looks(&script, script.plans().remove(0).note, 5);
    assert_eq!(
        look(&script, &noted).unwrap(),
        Progress::Failed("the mount came to rest, and says that it is not at home".into())
    );
}

#[test]
fn a_parked_onstep_is_not_sent_home() {
    let script = onstep().line(":GU#", PARKED);
    assert_eq!(
        refusal(call(&script, "home", "{}")),
        "the mount is parked: unpark it first"
    );
}

#[test]
fn a_digit_that_means_nothing_is_told_as_it_came() {
    let (script, noted) = homing();
    let script = answers(script, "7");
    assert_eq!(
        look(&script, &noted).unwrap_err(),
        Failure::Hardware("the mount answered `7` to :h?#".into())
    );
}
