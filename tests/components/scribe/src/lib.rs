//! A handler for tests of what plugins keep: it writes eight notes in their order, and reads them back.

use serde::Deserialize;
use slewgate_sdk::{
    Attachment, Client, Command, Description, Effect, Failure, Handler, Host, Moving, Observation,
    Occasion, Progress, Request, export_handler, params,
};

/// Keys of the notes.
const KEYS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// How often a note says its round: the longest has 32 KiB.
const REPEATED: [usize; 8] = [1, 4, 16, 64, 256, 1024, 4096, 8192];

/// Keeps nothing but notes.
pub struct Scribe;

#[derive(Deserialize)]
struct Write {
    round: u32,
}

const WRITE: &str = r#"{"type":"object","required":["round"],"additionalProperties":false,
"properties":{"round":{"type":"integer","minimum":0,"maximum":1000000}}}"#;

impl Handler for Scribe {
    fn configure(_settings: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn describe() -> Description {
        Description {
            commands: vec![
                command("write", WRITE, r#"{"round":1}"#),
                command("read", r#"{"type":"object"}"#, "{}"),
            ],
            sample_every: None,
        }
    }

    fn attach(&self, _: &dyn Host) -> Result<Attachment, Failure> {
        Ok(Attachment {
            model: "scribe".into(),
            lacks: Vec::new(),
            stops: Vec::new(),
        })
    }

    fn handle(&self, host: &dyn Host, _: &Client, request: &Request) -> Result<String, Failure> {
        if request.verb == "write" {
            let Write { round } = params(request)?;
            for (key, repeated) in KEYS.into_iter().zip(REPEATED) {
                host.keep(key, &round.to_le_bytes().repeat(repeated))?;
            }
            return Ok("{}".into());
        }
        let notes = KEYS.into_iter().zip(REPEATED);
        let rounds: Result<Vec<String>, _> =
            notes.map(|(key, long)| round(host, key, long)).collect();
        Ok(format!(r#"{{"rounds":[{}]}}"#, rounds?.join(",")))
    }

    fn sample(&self, _: &dyn Host) -> Result<Observation, Failure> {
        Ok(Observation {
            moving: Moving::Unknown,
            position: None,
            axes: None,
            data: "{}".into(),
        })
    }

    fn advance(&self, _: &dyn Host, _: u32, _: Occasion, _: &[u8]) -> Result<Progress, Failure> {
        Ok(Progress::Done)
    }
}

/// The round that a whole note says, as JSON.
fn round(host: &dyn Host, key: &str, repeated: usize) -> Result<String, Failure> {
    let Some(note) = host.recall(key) else {
        return Ok("null".into());
    };
    let first = note.first_chunk::<4>().copied().unwrap_or_default();
    if note != first.repeat(repeated) {
        return Err(Failure::Internal(format!("{key} is a part of a note")));
    }
    Ok(u32::from_le_bytes(first).to_string())
}

fn command(name: &str, params: &str, example: &str) -> Command {
    Command {
        name: name.into(),
        summary: format!("What the name says: {name}."),
        effect: Effect::Observe,
        params_schema: params.into(),
        result_schema: r#"{"type":"object"}"#.into(),
        example: example.into(),
    }
}

export_handler!(Scribe);
