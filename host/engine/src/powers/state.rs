//! `state` of `worlds.wit`: bytes that outlive an instance and a generation of a plugin.

use wasmtime::Result;

use super::{Guest, HandlerPowers};
use crate::bindings::handler::slewgate::plugin::state::{Full, Host};
use crate::state::Overfull;

impl Host for Guest<HandlerPowers> {
    fn get(&mut self, key: String) -> Result<Option<Vec<u8>>> {
        Ok(self.powers.table.notes().get(&key))
    }

    fn set(&mut self, key: String, value: Vec<u8>) -> Result<Result<(), Full>> {
        Ok(self
            .powers
            .table
            .notes()
            .set(key, value)
            .map_err(|overfull| match overfull {
                Overfull::Keys => Full::TooManyKeys,
                Overfull::Size => Full::TooLarge,
            }))
    }

    fn delete(&mut self, key: String) -> Result<()> {
        self.powers.table.notes().delete(&key);
        Ok(())
    }
}
