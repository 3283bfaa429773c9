//! `events` of `worlds.wit`.

use std::time::Instant;

use serde_json::value::RawValue;
use wasmtime::Result;

use super::{Guest, HandlerPowers};
use crate::bindings::handler::slewgate::plugin::events::Host;
use crate::bounds;
use crate::limits::MAX_JSON;

/// Topics of the host's own news of a table: what they say is never a plugin's word.
const OF_THE_HOST: [&str; 3] = ["line", "motion", "status"];

/// Longest topic that a plugin may name.
const MAX_TOPIC: usize = 64;

/// Why nobody hears of an event.
#[derive(Debug, thiserror::Error)]
enum Dropped {
    #[error("its topic is empty or has more than {MAX_TOPIC} bytes")]
    Topic,
    #[error("its data has {0} bytes; at most {MAX_JSON}")]
    Long(usize),
    #[error("its topic is the host's own; name another")]
    OfTheHost,
    #[error("clients cannot read its data as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Host for Guest<HandlerPowers> {
    fn publish(&mut self, topic: String, data: String) -> Result<()> {
        let table = &self.powers.table;
        match event(&topic, data) {
            Ok(data) => match self.standing.events.take(Instant::now()) {
                Some(_) => table.publish(&topic, data),
                None => table.drop_event(),
            },
            Err(cause) if self.standing.may_log(table.name()) => {
                let topic: String = topic.chars().take(MAX_TOPIC).collect();
                tracing::warn!(plugin = table.name(), topic, %cause, "an event was dropped");
            }
            Err(_) => {}
        }
        Ok(())
    }
}

/// The data, where others may hear of it.
fn event(topic: &str, data: String) -> Result<Box<RawValue>, Dropped> {
    if topic.is_empty() || topic.len() > MAX_TOPIC {
        return Err(Dropped::Topic);
    }
    if data.len() > MAX_JSON {
        return Err(Dropped::Long(data.len()));
    }
    if OF_THE_HOST.contains(&topic) {
        return Err(Dropped::OfTheHost);
    }
    Ok(bounds::json(data)?)
}
