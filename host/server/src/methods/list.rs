//! What the host's own methods are called, what they take and what they give.

use anyhow::anyhow;
use serde_json::{Value, json};
use slewgate_engine::{Command, Effect, Question};

use crate::topics::{MAX_TOPICS, SUBSCRIBE};

/// By which a client takes control.
const TAKE_CONTROL: &str = "control.take";

/// A method of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostMethod {
    Discover,
    Info,
    Plugins,
    Subscribe,
    Unsubscribe,
    TakeControl,
    ReleaseControl,
}

pub(crate) fn commands() -> anyhow::Result<Vec<(HostMethod, Command)>> {
    let nothing = || json!({ "type": "object", "additionalProperties": false });
    let object = || json!({ "type": "object" });
    let all = [
        (
            HostMethod::Discover,
            Effect::Observe,
            "rpc.discover",
            "The OpenRPC document of every method that this client may call.",
            [nothing(), object(), json!({})],
        ),
        (
            HostMethod::Info,
            Effect::Observe,
            "host.info",
            "The host: version, time, lines, motions, and who is asking.",
            [nothing(), object(), json!({})],
        ),
        (
            HostMethod::Plugins,
            Effect::Observe,
            "host.plugins",
            "How each plugin stands, and what became of the last candidate.",
            [nothing(), json!({ "type": "array" }), json!({})],
        ),
        (
            HostMethod::Subscribe,
            Effect::Observe,
            SUBSCRIBE,
            "Sends the state of each topic now, and news of it from then on.",
            [topics(), object(), some_topics()],
        ),
        (
            HostMethod::Unsubscribe,
            Effect::Observe,
            "events.unsubscribe",
            "Ends news of topics.",
            [topics(), object(), some_topics()],
        ),
        (
            HostMethod::TakeControl,
            Effect::Move,
            TAKE_CONTROL,
            "Takes control of a plugin's hardware; with force also from another client.",
            [of_a_plugin(true), object(), json!({ "plugin": "mount" })],
        ),
        (
            HostMethod::ReleaseControl,
            Effect::Move,
            "control.release",
            "Gives up control of a plugin's hardware. What moves goes on.",
            [of_a_plugin(false), object(), json!({ "plugin": "mount" })],
        ),
    ];
    let commands = all
        .into_iter()
        .map(|(method, effect, name, summary, parts)| {
            let command =
                Command::of_host(name, summary, effect, parts).map_err(|error| anyhow!(error))?;
            Ok((method, command))
        });
    commands.collect()
}

/// What policies are asked about the host's own methods.
pub(crate) fn questions() -> anyhow::Result<Vec<Question>> {
    let question = |(_, command): (HostMethod, Command)| Question {
        method: command.verb,
        effect: command.effect,
        params: command.example,
    };
    Ok(commands()?.into_iter().map(question).collect())
}

/// Without a plugin it is the only one.
fn of_a_plugin(by_force: bool) -> Value {
    let mut properties = json!({ "plugin": { "type": "string", "maxLength": 32 } });
    if by_force {
        properties["force"] = json!({ "type": "boolean" });
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn topics() -> Value {
    json!({
        "type": "object",
        "required": ["topics"],
        "properties": { "topics": { "type": "array", "minItems": 1, "maxItems": MAX_TOPICS, "items": { "type": "string", "maxLength": 128 } } },
        "additionalProperties": false,
    })
}

fn some_topics() -> Value {
    json!({ "topics": ["plugins"] })
}
