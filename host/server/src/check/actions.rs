//! What a policy is asked: the commands of a mount with typical params, and the host's own methods.

use anyhow::Result;
use serde_json::{Map, Value, json};
use slewgate_engine::{Action, Effect, StopCounts};

use crate::liveview::{self, PUBLISH, WATCH};
use crate::methods;

/// The commands that clients know of every mount (`slewgate_sdk::mount`), and the host's stop.
fn of_a_mount() -> [(&'static str, Effect, Value); 13] {
    let nothing = || json!({});
    let goto = || json!({ "ra": "18:36:56.34", "dec": "+38:47:01.3" });
    [
        ("info", Effect::Observe, nothing()),
        ("status", Effect::Observe, nothing()),
        ("goto", Effect::Move, goto()),
        ("sync", Effect::Configure, goto()),
        (
            "jog",
            Effect::Move,
            json!({ "direction": "north", "rate": "center" }),
        ),
        (
            "guide",
            Effect::Move,
            json!({ "direction": "west", "duration_ms": 500 }),
        ),
        ("track", Effect::Configure, json!({ "mode": "sidereal" })),
        ("park", Effect::Move, nothing()),
        ("unpark", Effect::Move, nothing()),
        ("home", Effect::Move, nothing()),
        (
            "set_site",
            Effect::Configure,
            json!({ "latitude": 51.5, "longitude": 0.0, "elevation": 46 }),
        ),
        ("set_time", Effect::Configure, nothing()),
        (STOP, Effect::Stop, nothing()),
    ]
}

/// A stream of the live view.
const STREAM: &str = "main";

/// The host's own verb.
const STOP: &str = "stop";

/// All of them.
pub(super) fn all() -> Result<Vec<Action>> {
    let mount =
        of_a_mount().map(|(verb, effect, params)| action(format!("mount.{verb}"), effect, params));
    let host = methods::commands()?.into_iter().map(|(_, command)| {
        action(
            command.verb.clone(),
            command.effect,
            Value::Object(command.example),
        )
    });
    let views = [
        liveview::action(PUBLISH, Effect::Configure, STREAM),
        liveview::action(WATCH, Effect::Observe, STREAM),
    ];
    Ok(mount.into_iter().chain(host).chain(views).collect())
}

fn action(method: String, effect: Effect, params: Value) -> Action {
    let params = match params {
        Value::Object(params) => params,
        _ => Map::new(),
    };
    Action {
        method,
        effect,
        params,
        counts: StopCounts::default(),
        lease: None,
    }
}
