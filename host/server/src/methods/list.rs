//! What the host's own methods are called, what they take and what they give.

use anyhow::anyhow;
use serde_json::{Value, json};
use slewgate_engine::{Command, Effect, Question};

use super::administer::Deed;
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
    Administer(Deed),
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
    let commands =
        all.into_iter()
            .chain(administration())
            .map(|(method, effect, name, summary, parts)| {
                let command = Command::of_host(name, summary, effect, parts)
                    .map_err(|error| anyhow!(error))?;
                Ok((method, command))
            });
    commands.collect()
}

type Listed = (HostMethod, Effect, &'static str, &'static str, [Value; 3]);

/// What administrators may call.
fn administration() -> impl Iterator<Item = Listed> {
    let nothing = || json!({ "type": "object", "additionalProperties": false });
    let params = |required: &[&str], properties: Value| json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false });
    let (object, array) = (
        || json!({ "type": "object" }),
        || json!({ "type": "array" }),
    );
    let name = || json!({ "type": "string", "pattern": "^[a-z0-9-]{1,32}$" });
    let id = || json!({ "type": "string", "pattern": "^[a-z0-9]{8}$" });
    let all = [
        (
            Deed::Clients,
            "host.clients",
            "Who is connected, with which token, from where.",
            [nothing(), array(), json!({})],
        ),
        (
            Deed::Disconnect,
            "host.disconnect",
            "Closes a session with 4005. Its client may come again: revoke its token to keep it out.",
            [
                params(
                    &["session"],
                    json!({ "session": { "type": "integer", "minimum": 1 } }),
                ),
                object(),
                json!({ "session": 1 }),
            ],
        ),
        (
            Deed::Tokens,
            "host.tokens",
            "What is known of each token, without the token.",
            [nothing(), array(), json!({})],
        ),
        (
            Deed::RevokeToken,
            "host.token.revoke",
            "Makes a token worthless, and closes its sessions.",
            [
                params(&["id"], json!({ "id": id() })),
                object(),
                json!({ "id": "k3v9x2m1" }),
            ],
        ),
        (
            Deed::RotateToken,
            "host.token.rotate",
            "A new token in the place of another, which stays good for a while. It is told here and never again.",
            [
                params(
                    &["id"],
                    json!({ "id": id(), "overlap_s": { "type": "integer", "minimum": 0, "maximum": 31_536_000 } }),
                ),
                object(),
                json!({ "id": "k3v9x2m1", "overlap_s": 3600 }),
            ],
        ),
        (
            Deed::RollBack,
            "host.plugin.rollback",
            "Has the version of a plugin before this one serve again.",
            [
                params(
                    &["name"],
                    json!({ "name": name(), "kind": { "enum": ["handler", "policy"] } }),
                ),
                object(),
                json!({ "name": "mount" }),
            ],
        ),
        (
            Deed::Resume,
            "host.plugin.resume",
            "Ends the quarantine of a plugin that kept failing.",
            [
                params(&["name"], json!({ "name": name() })),
                object(),
                json!({ "name": "mount" }),
            ],
        ),
        (
            Deed::Penalties,
            "host.penalties",
            "Which sources wait outside for what they did wrong, and how long still.",
            [nothing(), array(), json!({})],
        ),
        (
            Deed::Forgive,
            "host.penalties.clear",
            "Lets them in again: all, or the source of an address.",
            [
                params(
                    &[],
                    json!({ "address": { "type": "string", "maxLength": 64 } }),
                ),
                object(),
                json!({ "address": "192.0.2.7" }),
            ],
        ),
        (
            Deed::Reload,
            "host.reload",
            "Looks at the tokens and at every component now, though nothing was heard of them.",
            [nothing(), object(), json!({})],
        ),
    ];
    all.into_iter().map(|(deed, name, summary, parts)| {
        let method = HostMethod::Administer(deed);
        (method, Effect::Administer, name, summary, parts)
    })
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
