//! A request from when it is read to its turn.

use std::time::Duration;

use serde_json::{Map, Value};
use slewgate_engine::{Action, Plugins, Snapshot, StopCounts};
use slewgate_rpc::{Call, Id, Refusal};

use crate::jogs::Jog;
use crate::methods::{HostMethod, HostMethods};

/// The verb that the host answers from the newest sample, where a plugin has samples.
const STATUS: &str = "status";

/// A call, and what the moment in which it was read has to do with it.
pub(crate) struct Request {
    pub(crate) id: Option<Id>,
    pub(crate) method: String,
    params: Map<String, Value>,
    /// A stop that came after this was read goes before it.
    counts: StopCounts,
}

/// Who carries a request out.
#[derive(Debug)]
pub(crate) enum Target {
    /// The plugin of the table.
    Plugin,
    /// The host, from a sample of at most this age.
    Status {
        /// The table's name.
        table: String,
        /// The oldest that will do.
        age: Duration,
    },
    /// The host itself.
    Host(HostMethod),
}

/// The counts of stops of what a call is about, as they are now.
pub(crate) fn stop_counts(call: &Call, plugins: &Plugins) -> StopCounts {
    let table = call
        .method
        .split_once('.')
        .and_then(|(table, _)| plugins.tables().get(table));
    table.map(|table| table.stop_counts()).unwrap_or_default()
}

impl Request {
    pub(crate) fn new(call: Call, counts: StopCounts) -> Request {
        Request {
            id: call.id,
            method: call.method,
            params: call.params,
            counts,
        }
    }

    /// The jog that it orders, if it does.
    pub(crate) fn jog(&self, plugins: &Plugins) -> Option<Jog> {
        Jog::of(&self.method, &self.params, plugins)
    }

    /// What it asks for, if that exists and its params fit.
    pub(crate) fn look_up(
        self,
        snapshot: &Snapshot,
        methods: &HostMethods,
    ) -> Result<(Target, Action), Refusal> {
        let Request {
            method,
            params,
            counts,
            ..
        } = self;
        if let Some((host_method, command)) = methods.look_up(&method) {
            command.fit(&params)?;
            let action = Action {
                effect: command.effect,
                method,
                params,
                counts,
                lease: None,
            };
            return Ok((Target::Host(host_method), action));
        }
        let (handler, command) = snapshot.look_up(&method)?;
        command.fit(&params)?;
        let target = match handler.sample_every() {
            Some(age) if command.verb == STATUS => Target::Status {
                table: handler.table().name().to_owned(),
                age,
            },
            _ => Target::Plugin,
        };
        let lease = params
            .get("lease_ms")
            .and_then(Value::as_u64)
            .map(Duration::from_millis);
        let action = Action {
            effect: command.effect,
            method,
            params,
            counts,
            lease,
        };
        Ok((target, action))
    }
}
