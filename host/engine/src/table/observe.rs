//! Samples: one reading serves all who watch, the policies and the host itself.

use std::time::{Duration, Instant};

use slewgate_rpc::Refusal;

use super::Table;
use crate::bindings::types::Observation;
use crate::handler::Handler;

/// A sample and when it was taken.
#[derive(Clone, Debug)]
pub struct Reading {
    pub(crate) observation: Observation,
    /// When it was taken.
    pub taken: Instant,
    /// The same by the host's clock, in milliseconds since 1970, UTC.
    pub at: f64,
}

impl Reading {
    /// What clients get, as JSON text.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.observation.data
    }

    /// Whether the hardware is on its way somewhere.
    #[must_use]
    pub fn moving(&self) -> bool {
        self.observation.moving == crate::bindings::types::Moving::Moving
    }

    fn younger_than(&self, age: Duration) -> bool {
        self.taken.elapsed() <= age
    }
}

impl Table {
    /// A reading of at most this age: the newest one, or a new one. Those who ask at the same time share it.
    pub(crate) async fn observe(
        &self,
        handler: &Handler,
        age: Duration,
    ) -> Result<Reading, Refusal> {
        if let Some(reading) = self.newest_within(age) {
            return Ok(reading);
        }
        let _one_at_a_time = self.sampling.lock().await;
        if let Some(reading) = self.newest_within(age) {
            return Ok(reading);
        }
        let observation = handler.sample().await?;
        let reading = Reading {
            observation,
            taken: Instant::now(),
            at: self.surroundings.clock.now(),
        };
        self.newest.send_replace(Some(reading.clone()));
        Ok(reading)
    }

    /// The newest reading, however old.
    #[must_use]
    pub fn newest(&self) -> Option<Reading> {
        self.newest.borrow().clone()
    }

    /// Somebody watches.
    pub(crate) fn watched(&self) -> bool {
        self.newest.receiver_count() > 0
    }

    fn newest_within(&self, age: Duration) -> Option<Reading> {
        self.newest
            .borrow()
            .clone()
            .filter(|reading| reading.younger_than(age))
    }
}
