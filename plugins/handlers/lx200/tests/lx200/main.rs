//! The handler against scripts: each command's bytes out and in, both precisions, refusals, garbage.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that goes wrong says so by panicking"
)]

mod attach;
mod goto;
mod guide;
mod handover;
mod home;
mod jog;
mod onstep;
mod park;
mod parked;
mod site;
mod status;
mod sync;
mod time;
mod track;

use lx200::Lx200;
use serde_json::Value;
use slewgate_sdk::{Client, Effect, Failure, Handler, Occasion, Progress, Request, Script};

fn handler() -> Lx200 {
    Lx200::configure("{}").unwrap()
}

/// A Classic that was attached before, in London.
fn attached() -> Script {
    Script::new().remembering("found", found(true, 0xdf))
}

/// One that was parked then, three hours past the meridian.
fn parked() -> Script {
    attached().remembering("parked", r#"{"Parked":{"hour_angle":3.0,"dec":40.0}}"#)
}

fn found(high: bool, mark: u8) -> String {
    format!(
        r#"{{"model":"LX200 Classic","firmware":null,"dialect":"classic","high":{high},"mark":{mark},"lacks":[],"latitude":51.5,"longitude":-0.1667,"elevation":null}}"#
    )
}

/// An OnStepX that was attached before, in London.
fn onstep() -> Script {
    Script::new().remembering(
        "found",
        r#"{"model":"OnStepX","firmware":"10.24","dialect":"onstep","high":true,"mark":42,"lacks":[],"latitude":51.5,"longitude":-0.1667,"elevation":null}"#,
    )
}

/// What it says of itself at rest, tracking the stars.
const AWAKE: &str = "NpzE250#";
const PARKED: &str = "nNPzE250#";
const SLEWING: &str = "pzE250#";

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
    let described = Lx200::describe();
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
    for (params, wrong) in [
        (
            r#"{"ra":25,"dec":0}"#,
            "ra: no right ascension in hours, 0 to 24",
        ),
        (
            r#"{"ra":1,"dec":-91}"#,
            "dec: no declination in degrees, -90 to 90",
        ),
        ("{}", "give either ra and dec, or altitude and azimuth"),
        (
            r#"{"ra":1,"dec":2,"altitude":3,"azimuth":4}"#,
            "give either ra and dec, or altitude and azimuth",
        ),
    ] {
        for verb in ["goto", "sync"] {
            assert_eq!(invalid(call(&attached(), verb, params)), wrong);
        }
    }
}
