//! `clock.wit`: the host's clock, and waiting that a stop ends.

use std::time::Duration;

use wasmtime::Result;

use super::{Guest, HandlerPowers};
use crate::bindings::handler::slewgate::plugin::clock;

impl clock::Host for Guest<HandlerPowers> {
    fn now(&mut self) -> Result<f64> {
        Ok(self.powers.table.surroundings().clock.now())
    }

    async fn sleep(&mut self, for_at_most: u32) -> Result<Result<(), ()>> {
        let Some(duty) = &self.powers.duty else {
            return Ok(Err(()));
        };
        let wait = tokio::time::sleep(Duration::from_millis(u64::from(for_at_most)));
        Ok(tokio::select! {
            () = wait => Ok(()),
            () = self.powers.table.stopped_since(duty.writes.as_ref()) => Err(()),
        })
    }
}
