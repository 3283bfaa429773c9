//! What the host keeps for plugins, as the older contract had it: of a key that is not there, no bytes.
// The names of its exports are none that another linker takes.
#![cfg(target_arch = "wasm32")]

#[allow(unsafe_code, missing_docs, clippy::all)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

use bindings::exports::slewgate::plugin0_0_9::state::{Full, Guest};
use bindings::slewgate::plugin0_1_0::state::{self, Full as Now};

struct State;

impl Guest for State {
    fn get(key: String) -> Vec<u8> {
        state::get(&key).unwrap_or_default()
    }

    fn set(key: String, value: Vec<u8>) -> Result<(), Full> {
        state::set(&key, &value).map_err(|full| match full {
            Now::TooManyKeys => Full::TooManyKeys,
            Now::TooLarge => Full::TooLarge,
        })
    }

    fn delete(key: String) {
        state::delete(&key);
    }
}

#[allow(unsafe_code)]
mod export {
    use super::{State, bindings};
    bindings::export!(State with_types_in bindings);
}
