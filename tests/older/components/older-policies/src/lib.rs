//! Makes a policy of ours of one of the older contract, which knew neither the client's name nor the action's params.
// The names of its exports are none that another linker takes.
#![cfg(target_arch = "wasm32")]

#[allow(unsafe_code, missing_docs, clippy::all)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

use bindings::exports::slewgate::plugin0_1_0::policy::{Action, Client, Decision, Guest};
use bindings::slewgate::plugin0_0_9::{policy as older, types};
use bindings::slewgate::plugin0_1_0::types::Effect;

struct Policy;

impl Guest for Policy {
    fn configure(settings: String) -> Result<(), String> {
        older::configure(&settings)
    }

    fn authorize(client: Client, action: Action) -> Decision {
        let client = older::Client {
            session: client.session,
            id: client.id,
            client_type: client.client_type,
        };
        let action = older::Action {
            method: action.method,
            effect: effect(action.effect),
        };
        match older::authorize(&client, &action) {
            older::Decision::Allow => Decision::Allow,
            older::Decision::Deny(why) => Decision::Deny(why),
        }
    }
}

fn effect(now: Effect) -> types::Effect {
    match now {
        Effect::Observe => types::Effect::Observe,
        Effect::Move => types::Effect::Move,
        Effect::Stop => types::Effect::Stop,
        Effect::Configure => types::Effect::Configure,
        Effect::Administer => types::Effect::Administer,
    }
}

#[allow(unsafe_code)]
mod export {
    use super::{Policy, bindings};
    bindings::export!(Policy with_types_in bindings);
}
