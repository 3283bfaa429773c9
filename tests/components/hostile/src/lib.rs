//! A handler for tests of isolation: its settings say in which export it does what no plugin should, and the params of its commands
//! what they do.

mod acts;

use acts::{Settings, act};
use slewgate_sdk::export::Exported;
use slewgate_sdk::{
    Attachment, Client, Command, Description, Effect, Exchange, Failure, Framing, Handler, Host,
    Kind, Moving, Observation, Occasion, Orphan, Plan, Progress, Request, Step, export_handler,
    params,
};

/// Longer than any call may take, in milliseconds.
const FOR_EVER: u32 = u32::MAX;

/// Between two looks at a motion, which never ends by itself, in milliseconds.
const LOOK: u32 = 100;

/// More than the host takes from a plugin at once, in bytes.
const TOO_MUCH: usize = 100_000_000;

/// Longer than the JSON text that a call may answer, and within what the host takes, in bytes.
const TOO_LONG: usize = 100_000;

/// Arrays within each other: more than the JSON of many clients reads.
const TOO_DEEP: usize = 30_000;

/// The longest JSON text of an event, in bytes.
const LONGEST: usize = 64 * 1024;

/// Events of a burst: as many as a plugin may publish in a second.
const BURST: usize = 200;

/// Events that nobody can hear of, or too many of.
const NAGGED: usize = 1_000;

/// It does nothing by itself.
pub struct Hostile {
    settings: Settings,
}

#[derive(serde::Deserialize)]
struct Acts {
    does: String,
}

impl Handler for Hostile {
    fn configure(settings: &str) -> Result<Self, String> {
        let settings = Settings::read(settings)?;
        settings.act_in("configure");
        Ok(Self { settings })
    }

    fn describe() -> Description {
        if let Some(plugin) = Hostile::cell().get() {
            plugin.settings.act_in("describe");
        }
        let command = |name: &str, effect| {
            Command {
            name: name.into(),
            summary: "Do what no plugin should.".into(),
            effect,
            params_schema: r#"{"type": "object", "required": ["does"], "properties": {"does": {"type": "string"}}}"#.into(),
            result_schema: r#"{"type": "object"}"#.into(),
            example: r#"{"does": "nothing"}"#.into(),
        }
        };
        Description {
            commands: vec![
                command("acts", Effect::Observe),
                command("moves", Effect::Move),
            ],
            sample_every: Some(500),
        }
    }

    fn attach(&self, _: &dyn Host) -> Result<Attachment, Failure> {
        self.settings.act_in("attach");
        Ok(Attachment {
            model: "hostile".into(),
            lacks: Vec::new(),
            stops: Vec::new(),
        })
    }

    fn handle(&self, host: &dyn Host, _: &Client, request: &Request) -> Result<String, Failure> {
        self.settings.act_in("handle");
        let Acts { does } = params(request)?;
        if request.verb == "moves" {
            host.begin(&motion())?;
        }
        if act(&does) {
            return Ok("{}".into());
        }
        on_host(host, &does)
    }

    fn sample(&self, _: &dyn Host) -> Result<Observation, Failure> {
        self.settings.act_in("sample");
        Ok(Observation {
            moving: Moving::Still,
            position: None,
            axes: None,
            data: "{}".into(),
        })
    }

    fn advance(&self, _: &dyn Host, _: u32, _: Occasion, _: &[u8]) -> Result<Progress, Failure> {
        self.settings.act_in("advance");
        Ok(Progress::Again(Step {
            after: LOOK,
            note: Vec::new(),
        }))
    }
}

/// What only a handler can try.
fn on_host(host: &dyn Host, does: &str) -> Result<String, Failure> {
    match does {
        "waits" => host.sleep(FOR_EVER)?,
        "listens" => drop(host.line("port")?.exchange(&unanswered())?),
        "opens" => {
            let mut lines = Vec::new();
            loop {
                lines.push(host.line("port")?);
            }
        }
        "publishes" => host.publish("news", &text(TOO_MUCH)),
        "bursts" => {
            let news = text(LONGEST - r#"{"text":""}"#.len());
            (0..BURST).for_each(|_| host.publish("news", &news));
        }
        "chatters" => (0..NAGGED).for_each(|_| host.publish("news", "{}")),
        "nags" => (0..NAGGED).for_each(|_| host.publish("", "{}")),
        "pours" => return Ok(text(TOO_MUCH)),
        "nests" => return Ok("[".repeat(TOO_DEEP) + &"]".repeat(TOO_DEEP)),
        "rambles" => return Ok(text(TOO_LONG)),
        _ => {}
    }
    Ok("{}".into())
}

/// JSON text of this many bytes.
fn text(bytes: usize) -> String {
    format!("{{\"text\":\"{}\"}}", "x".repeat(bytes))
}

fn unanswered() -> Exchange {
    Exchange {
        request: b"?".into(),
        reply: Framing::Until(b'#'),
        timeout: FOR_EVER,
    }
}

/// Something for `advance` to look after.
fn motion() -> Plan {
    Plan {
        role: "port".into(),
        label: "goto".into(),
        kind: Kind::Slew,
        orphan: Orphan::Complete,
        at_most: 60_000,
        target: None,
        ending: vec![Exchange {
            request: b"Q".into(),
            reply: Framing::None,
            timeout: 0,
        }],
        first_look: LOOK,
        note: Vec::new(),
    }
}

export_handler!(Hostile);
