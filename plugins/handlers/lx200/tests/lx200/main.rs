//! The handler against scripts: each command's bytes out and in, both precisions, refusals, garbage.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that goes wrong says so by panicking"
)]

mod attach;
mod goto;
mod jog;
mod park;
mod status;
mod track;

use lx200::Lx200;
use serde_json::Value;
use slewgate_sdk::{Client, Failure, Handler, Occasion, Progress, Request, Script};

fn handler() -> Lx200 {
    Lx200::configure("{}").unwrap()
}

/// A Classic that was attached before, in London.
fn attached() -> Script {
    Script::new().remembering("found", found(true, 0xdf))
}

fn found(high: bool, mark: u8) -> String {
    format!(
        r#"{{"model":"LX200 Classic","firmware":null,"classic":true,"high":{high},"mark":{mark},"latitude":51.5,"longitude":-0.1667}}"#
    )
}

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
