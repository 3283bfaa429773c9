//! What the host's own methods are called, what they take and what they give.

use anyhow::anyhow;
use serde_json::{Value, json};
use slewgate_engine::{Command, Effect};

use crate::topics::{MAX_TOPICS, SUBSCRIBE};

/// A method of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostMethod {
    Discover,
    Info,
    Plugins,
    Subscribe,
    Unsubscribe,
}

pub(crate) fn commands() -> anyhow::Result<Vec<(HostMethod, Command)>> {
    let nothing = || json!({ "type": "object", "additionalProperties": false });
    let object = || json!({ "type": "object" });
    let all = [
        (
            HostMethod::Discover,
            "rpc.discover",
            "The OpenRPC document of every method that this client may call.",
            [nothing(), object(), json!({})],
        ),
        (
            HostMethod::Info,
            "host.info",
            "The host: version, time, lines, motions, and who is asking.",
            [nothing(), object(), json!({})],
        ),
        (
            HostMethod::Plugins,
            "host.plugins",
            "How each plugin stands, and what became of the last candidate.",
            [nothing(), json!({ "type": "array" }), json!({})],
        ),
        (
            HostMethod::Subscribe,
            SUBSCRIBE,
            "Sends the state of each topic now, and news of it from then on.",
            [topics(), object(), some_topics()],
        ),
        (
            HostMethod::Unsubscribe,
            "events.unsubscribe",
            "Ends news of topics.",
            [topics(), object(), some_topics()],
        ),
    ];
    let commands = all.into_iter().map(|(method, name, summary, parts)| {
        let command = Command::of_host(name, summary, Effect::Observe, parts)
            .map_err(|error| anyhow!(error))?;
        Ok((method, command))
    });
    commands.collect()
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
