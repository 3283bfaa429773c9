//! A handler of the older contract, for tests of how it is served: it keeps notes, asks its line, and computes for ever.
// The names of its exports are none that another linker takes.
#![cfg(target_arch = "wasm32")]

#[allow(unsafe_code, missing_docs, clippy::all)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

use bindings::exports::slewgate::plugin0_0_9::handler::{
    Attachment, Client, Command, Description, Failure, Guest, Observation, Occasion, Progress,
    Request,
};
use bindings::slewgate::plugin0_0_9::serial::{Exchange, Framing, Line};
use bindings::slewgate::plugin0_0_9::state;
use bindings::slewgate::plugin0_0_9::types::{Effect, Moving};

struct Older;

/// Of the note: the first of those that the handler `scribe` keeps.
const KEY: &str = "a";

const ANY: &str = r#"{"type":"object"}"#;

impl Guest for Older {
    fn configure(_settings: String) -> Result<(), String> {
        Ok(())
    }

    fn describe() -> Description {
        let commands = ["writes", "reads", "asks", "loops", "greets"];
        Description {
            commands: commands.map(command).into(),
            sample_every: None,
        }
    }

    fn attach() -> Result<Attachment, Failure> {
        Ok(Attachment {
            model: "older".into(),
            lacks: vec!["lacking".into()],
            stops: Vec::new(),
        })
    }

    fn handle(client: Client, request: Request) -> Result<String, Failure> {
        match request.verb.as_str() {
            "writes" => write(&request.params),
            "reads" => Ok(format!(r#"{{"note":{:?}}}"#, state::get(KEY))),
            "asks" => ask(),
            "greets" => Ok(format!(
                r#"{{"hello":"{} {}"}}"#,
                client.client_type, client.id
            )),
            _ => loop {
                std::hint::black_box(());
            },
        }
    }

    fn sample() -> Result<Observation, Failure> {
        Ok(Observation {
            moving: Moving::Tracking,
            position: None,
            axes: Some((1.0, 2.0)),
            data: r#"{"sampled":true}"#.into(),
        })
    }

    fn advance(_: u32, _: Occasion, _: Vec<u8>) -> Result<Progress, Failure> {
        Ok(Progress::Done)
    }
}

/// A number, as `scribe` writes it.
fn write(params: &str) -> Result<String, Failure> {
    let digits: String = params.chars().filter(char::is_ascii_digit).collect();
    let number: u32 = digits
        .parse()
        .map_err(|_| Failure::InvalidParams("round: no number".into()))?;
    state::set(KEY, &number.to_le_bytes()).map_err(|_| Failure::Internal("full".into()))?;
    Ok("{}".into())
}

fn ask() -> Result<String, Failure> {
    let line = Line::open("port").map_err(Failure::Line)?;
    let answer = line.exchange(&Exchange {
        request: b"T\n".to_vec(),
        reply: Framing::Until(b'\n'),
        timeout: 5000,
    });
    let answer = answer.map_err(Failure::Line)?;
    let text = String::from_utf8_lossy(&answer);
    Ok(format!(r#"{{"answer":"{}"}}"#, text.trim_end()))
}

fn command(name: &str) -> Command {
    Command {
        name: name.into(),
        summary: format!("It {name}."),
        effect: Effect::Observe,
        params_schema: ANY.into(),
        result_schema: ANY.into(),
    }
}

#[allow(unsafe_code)]
mod export {
    use super::{Older, bindings};
    bindings::export!(Older with_types_in bindings);
}
