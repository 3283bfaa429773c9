//! `events` of `worlds.wit`.

use serde_json::value::RawValue;
use wasmtime::Result;

use super::{Guest, HandlerPowers};
use crate::bindings::handler::slewgate::plugin::events::Host;
use crate::limits::MAX_JSON;

/// Topics of the host's own news of a table: what they say is never a plugin's word.
const OF_THE_HOST: [&str; 3] = ["line", "motion", "status"];

/// Longest topic that a plugin may name.
const MAX_TOPIC: usize = 64;

impl Host for Guest<HandlerPowers> {
    fn publish(&mut self, topic: String, data: String) -> Result<()> {
        let table = &self.powers.table;
        if topic.is_empty() || topic.len() > MAX_TOPIC || data.len() > MAX_JSON {
            tracing::warn!(
                plugin = table.name(),
                "an event was dropped: its topic or its data is too long"
            );
            return Ok(());
        }
        if OF_THE_HOST.contains(&topic.as_str()) {
            tracing::warn!(
                plugin = table.name(),
                topic,
                "an event was dropped: its topic is the host's own; name another"
            );
            return Ok(());
        }
        match RawValue::from_string(data) {
            Ok(data) => table.publish(&topic, data),
            Err(error) => {
                tracing::warn!(plugin = table.name(), topic, %error, "an event was dropped: its data is not JSON");
            }
        }
        Ok(())
    }
}
