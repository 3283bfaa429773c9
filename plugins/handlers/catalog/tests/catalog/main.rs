//! The handler as its host asks it, under a sky that is as the host's.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

mod find;
mod host;
mod near;
mod planets;
mod schemas;
mod search;
mod settings;

use catalog::Catalog;
use serde_json::Value;
use slewgate_sdk::{Client, Failure, Handler, Host, Request};

fn ask_of(host: &dyn Host, settings: &str, verb: &str, params: Value) -> Result<Value, Failure> {
    let client = Client {
        session: "1".into(),
        id: "a-client".into(),
        client_type: "observer".into(),
        name: "an observer".into(),
    };
    let request = Request {
        verb: verb.into(),
        params: params.to_string(),
    };
    let catalog = Catalog::configure(settings).unwrap();
    let answer = catalog.handle(host, &client, &request)?;
    assert!(answer.len() <= 64 * 1024, "{} bytes", answer.len());
    Ok(serde_json::from_str(&answer).unwrap())
}

/// At the beginning of 2026, from nowhere.
fn ask(verb: &str, params: Value) -> Result<Value, Failure> {
    ask_of(&host::Real::at(1_767_225_600_000.0), "{}", verb, params)
}

fn refused(answer: Result<Value, Failure>) -> String {
    match answer {
        Err(Failure::Refused(why) | Failure::InvalidParams(why)) => why,
        other => unreachable!("{other:?}"),
    }
}
