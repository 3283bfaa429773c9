//! A policy of the older contract, for tests of how it is served: it denies what configures, in the name of who has control.
// The names of its exports are none that another linker takes.
#![cfg(target_arch = "wasm32")]

#[allow(unsafe_code, missing_docs, clippy::all)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

use bindings::exports::slewgate::plugin0_0_9::policy::{Action, Client, Decision, Guest};
use bindings::slewgate::plugin0_0_9::situation;
use bindings::slewgate::plugin0_0_9::types::Effect;

struct Older;

impl Guest for Older {
    fn configure(_settings: String) -> Result<(), String> {
        Ok(())
    }

    fn authorize(client: Client, action: Action) -> Decision {
        let Effect::Configure = action.effect else {
            return Decision::Allow;
        };
        let holder = situation::in_control().unwrap_or_else(|| "nobody".into());
        let (method, id) = (action.method, client.id);
        Decision::Deny(format!(
            "{method} is not for {id}, while {holder} is in control"
        ))
    }
}

#[allow(unsafe_code)]
mod export {
    use super::{Older, bindings};
    bindings::export!(Older with_types_in bindings);
}
