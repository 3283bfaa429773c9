//! The handler against scripts: each command's bytes out and in, refusals, garbage, and what it does of itself.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that goes wrong says so by panicking"
)]

mod attach;
mod compensation;
mod settings;
mod status;
mod travel;

use focuser::Focuser;
use serde_json::Value;
use slewgate_sdk::{Client, Effect, Failure, Handler, Occasion, Progress, Request, Script};

/// Its travel ends at 50,000 full steps.
fn handler() -> Focuser {
    Focuser::configure(r#"{"maximum":50000,"maximum_mode":"full"}"#).unwrap()
}

/// One that was attached before, and has everything.
fn attached() -> Script {
    Script::new().remembering("found", found("[]", true))
}

fn found(lacks: &str, thermometer: bool) -> String {
    format!(r#"{{"firmware":"1.0","lacks":{lacks},"thermometer":{thermometer}}}"#)
}

fn call(script: &Script, verb: &str, params: &str) -> Result<Value, Failure> {
    call_of(&handler(), script, verb, params)
}

fn call_of(focuser: &Focuser, script: &Script, verb: &str, params: &str) -> Result<Value, Failure> {
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
    let answer = focuser.handle(script, &client, &request)?;
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

fn hardware<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> String {
    match outcome {
        Err(Failure::Hardware(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_moves_and_what_configures_is_told_so_that_policies_can_judge() {
    let described = Focuser::describe();
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
            ("move_to", Effect::Move),
            ("move_by", Effect::Move),
            ("sync", Effect::Configure),
            ("set_speed", Effect::Configure),
            ("set_step_mode", Effect::Configure),
            ("compensate", Effect::Configure),
        ]
    );
    assert!(described.sample_every.is_some());
}

/// Whether params fit the schema of a command.
fn fits(verb: &str, params: &str) -> bool {
    let commands = Focuser::describe().commands;
    let command = commands.iter().find(|command| command.name == verb);
    let schema = serde_json::from_str(&command.unwrap().params_schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.is_valid(&serde_json::from_str(params).unwrap())
}

#[test]
fn every_example_fits_its_schema_and_the_schemas_of_results_are_some() {
    for command in Focuser::describe().commands {
        assert!(fits(&command.name, &command.example), "{}", command.name);
        let result = serde_json::from_str(&command.result_schema).unwrap();
        jsonschema::validator_for(&result).unwrap();
    }
}

#[test]
fn what_does_not_fit_a_focuser_does_not_fit_its_schemas() {
    for (verb, good, bad) in [
        ("move_to", r#"{"position":0}"#, r#"{"position":65536}"#),
        ("move_to", r#"{"position":65535}"#, r#"{"position":-1}"#),
        ("move_to", r#"{"position":7}"#, r#"{"position":7.5}"#),
        (
            "move_to",
            r#"{"position":7}"#,
            r#"{"position":7,"fast":true}"#,
        ),
        ("move_by", r#"{"steps":-65535}"#, r#"{"steps":-65536}"#),
        ("move_by", r#"{"steps":0}"#, r#"{}"#),
        ("sync", r#"{"position":0}"#, r#"{"position":null}"#),
        (
            "set_speed",
            r#"{"steps_per_second":63}"#,
            r#"{"steps_per_second":64}"#,
        ),
        (
            "set_step_mode",
            r#"{"mode":"full"}"#,
            r#"{"mode":"quarter"}"#,
        ),
        ("compensate", r#"{"on":false}"#, r#"{"coefficient":3}"#),
        (
            "compensate",
            r#"{"on":true,"coefficient":-128}"#,
            r#"{"on":true,"coefficient":128}"#,
        ),
        ("status", "{}", r#"{"now":true}"#),
        ("info", "{}", r#"{"now":true}"#),
    ] {
        assert!(fits(verb, good), "{verb} {good}");
        assert!(!fits(verb, bad), "{verb} {bad}");
    }
}

#[test]
fn a_focuser_that_nobody_found_is_not_spoken_to() {
    for (verb, params) in [
        ("info", "{}"),
        ("status", "{}"),
        ("move_to", r#"{"position":1}"#),
        ("set_speed", r#"{"steps_per_second":16}"#),
    ] {
        let outcome = call(&Script::new(), verb, params);
        assert!(matches!(outcome, Err(Failure::Line(_))), "{outcome:?}");
    }
}
