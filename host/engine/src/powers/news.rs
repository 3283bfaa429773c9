//! `events` of `worlds.wit`.

use serde_json::value::RawValue;
use wasmtime::Result;

use super::{Guest, HandlerPowers};
use crate::bindings::handler::slewgate::plugin::events::Host;
use crate::limits::MAX_JSON;

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
        match RawValue::from_string(data) {
            Ok(data) => table.publish(&topic, data),
            Err(error) => {
                tracing::warn!(plugin = table.name(), topic, %error, "an event was dropped: its data is not JSON");
            }
        }
        Ok(())
    }
}
