//! The handler against scripts: each command's bytes out and in, refusals, garbage.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that goes wrong says so by panicking"
)]

mod answers;
mod attach;
mod goto;
mod guide;
mod jog;
mod park;
mod site;
mod status;
mod sync;
mod track;

use serde_json::Value;
use skywatcher::Skywatcher;
use slewgate_sdk::{Client, Effect, Failure, Handler, Occasion, Progress, Request, Script};

const EQ6: &str = r#"{"steps":9024000,"timer":64935,"ratio":16}"#;

fn handler() -> Skywatcher {
    Skywatcher::configure("{}").unwrap()
}

/// An EQ6 that was attached before, and does not know where it stands.
fn nowhere() -> Script {
    let found = format!(r#"{{"model":"Sky-Watcher EQ6","firmware":"2.9","gears":[{EQ6},{EQ6}]}}"#);
    Script::new().remembering("found", found)
}

/// The same in London, under a sky whose equinox is in the meridian.
fn attached() -> Script {
    nowhere().remembering("site", "[51.5,0.0,0.0]")
}

/// One that was told to follow the stars.
fn tracking() -> Script {
    attached().remembering("follows", r#""sidereal""#)
}

/// One line for each exchange: `:f1 =101`, without their CR; what is not answered ends in a space.
fn lines(script: Script, exchanges: &[&str]) -> Script {
    exchanges.iter().fold(script, |script, exchange| {
        let (request, reply) = exchange.split_once(' ').unwrap();
        let reply = match reply {
            "" => String::new(),
            reply => format!("{reply}\r"),
        };
        script.line(format!("{request}\r"), reply)
    })
}

/// At home, both motors at rest.
const AT_HOME: [&str; 2] = [":j1 =000080", ":j2 =000080"];
const AT_REST: [&str; 2] = [":f1 =101", ":f2 =101"];
/// The first follows the stars.
const FOLLOWING: [&str; 3] = [":f1 =111", ":f2 =101", ":i1 =6C0200"];
/// 30 degrees forward, and 70 back: hour angle -60, declination 20, the telescope west of its pier.
const WEST: [&str; 2] = [":j1 =80798B", ":j2 =D53965"];

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

fn ended(script: &Script, note: &[u8]) -> Progress {
    handler().advance(script, 7, Occasion::Ended, note).unwrap()
}

/// The note of the step that is to follow.
fn note(progress: Progress) -> Vec<u8> {
    match progress {
        Progress::Again(step) => step.note,
        other => panic!("nothing follows {other:?}"),
    }
}

fn refusal(outcome: Result<Value, Failure>) -> String {
    match outcome {
        Err(Failure::Refused(reason)) => reason,
        other => panic!("{other:?} is no refusal"),
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
    let described = Skywatcher::describe();
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
