//! The handler against scripts: each command's bytes out and in, hand controls of every age, refusals, replies of other questions.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that goes wrong says so by panicking"
)]

mod attach;
mod follow;
mod goto;
mod guide;
mod handover;
mod home;
mod jog;
mod old;
mod park;
mod site;
mod status;
mod stray;
mod sync;
mod time;

use nexstar::Nexstar;
use serde_json::Value;
use slewgate_sdk::{
    Client, Effect, Exchange, Failure, Framing, Handler, Occasion, Progress, Request, Script,
};

fn handler() -> Nexstar {
    Nexstar::configure("{}").unwrap()
}

/// A CGX with a hand control of version 5.31 that was attached before, in London.
fn attached() -> Script {
    Script::new().remembering("found", found(5, 31, "23", "{}"))
}

/// A mount on a fork, with the same hand control.
fn fork() -> Script {
    Script::new().remembering("found", found(5, 31, "11", "{}"))
}

/// That CGX, parked.
fn parked() -> Script {
    attached().remembering("parked", "1")
}

fn found(major: u8, minor: u8, model: &str, lacks: &str) -> String {
    format!(
        r#"{{"hand":{{"make":"nexstar","version":[{major},{minor}]}},"model":{model},"equatorial":null,"lacks":{lacks},"latitude":51.5,"longitude":-0.1667,"ahead":0.0}}"#
    )
}

/// What the handler asks to be echoed at the script's time.
const ECHO: &[u8] = b"K\xcb";
const ECHOED: &[u8] = b"\xcb#";

/// Rate 0 on the first axis and on the second.
const STOP_FIRST: &[u8] = b"P\x02\x10\x24\x00\x00\x00\x00";
const STOP_SECOND: &[u8] = b"P\x02\x11\x24\x00\x00\x00\x00";

fn call(script: &Script, verb: &str, params: &str) -> Result<Value, Failure> {
    let client = Client {
        session: "1".into(),
        id: "test".into(),
        client_type: "telescope".into(),
        name: "Test".into(),
    };
    let request = Request {
        verb: verb.into(),
        params: params.into(),
    };
    let answer = handler().handle(script, &client, &request)?;
    Ok(serde_json::from_str(&answer).unwrap())
}

/// The step after the one that left this note.
fn look(script: &Script, note: &[u8]) -> Result<Progress, Failure> {
    handler().advance(script, 7, Occasion::Look, note)
}

/// The host ended the motion with this note.
fn ended(script: &Script, note: &[u8]) -> Result<Progress, Failure> {
    handler().advance(script, 7, Occasion::Ended, note)
}

/// The note of the step that is to follow.
fn note(progress: Progress) -> Vec<u8> {
    match progress {
        Progress::Again(step) => step.note,
        other => panic!("nothing follows {other:?}"),
    }
}

/// An exchange that ends a motion, or stops it.
fn ending(request: &[u8]) -> Exchange {
    Exchange {
        request: request.into(),
        reply: Framing::Count(1),
        timeout: 3_500,
    }
}

fn refusal(outcome: Result<Value, Failure>) -> String {
    match outcome {
        Err(Failure::Refused(reason)) => reason,
        other => panic!("{other:?} is no refusal"),
    }
}

fn invalid(outcome: Result<Value, Failure>) -> String {
    match outcome {
        Err(Failure::InvalidParams(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn hardware(outcome: Result<Value, Failure>) -> String {
    match outcome {
        Err(Failure::Hardware(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_commands_are_those_of_every_mount() {
    let described = Nexstar::describe();
    let commands: Vec<_> = described
        .commands
        .iter()
        .map(|command| (command.name.as_str(), command.effect))
        .collect();
    assert_eq!(
        commands,
        [
            ("info", Effect::Observe),
            ("status", Effect::Observe),
            ("goto", Effect::Move),
            ("sync", Effect::Configure),
            ("jog", Effect::Move),
            ("guide", Effect::Move),
            ("track", Effect::Configure),
            ("park", Effect::Move),
            ("unpark", Effect::Move),
            ("home", Effect::Move),
            ("set_site", Effect::Configure),
            ("set_time", Effect::Configure),
        ]
    );
    assert!(described.sample_every.is_some());
}

#[test]
fn a_note_that_is_not_understood_is_a_fault_and_no_panic() {
    for note in [&b""[..], b"{}", b"\xff", br#"{"Goto":{}}"#] {
        let outcome = look(&Script::new(), note);
        assert!(matches!(outcome, Err(Failure::Internal(_))), "{note:?}");
    }
}

#[test]
fn params_that_do_not_fit_name_what_is_wrong() {
    for verb in ["goto", "sync"] {
        assert_eq!(
            invalid(call(&attached(), verb, r#"{"ra":25,"dec":0}"#)),
            "ra: no right ascension in hours, 0 to 24"
        );
        assert_eq!(
            invalid(call(&attached(), verb, "{}")),
            "give either ra and dec, or altitude and azimuth"
        );
    }
    let short = r#"{"direction":"north","duration_ms":9}"#;
    assert_eq!(
        invalid(call(&attached(), "guide", short)),
        "duration_ms: 9 is not within 10 to 60000, which is what this mount can"
    );
}
