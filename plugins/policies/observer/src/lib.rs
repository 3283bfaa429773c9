//! The policy of the client type `observer`: it may look, and nothing else.

use slewgate_sdk::policy::{Action, Decision, Situation};
use slewgate_sdk::{Client, Effect, Policy, deny, export_policy};

/// May look.
pub struct Observer;

impl Policy for Observer {
    fn configure(_settings: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn authorize(&self, _: &dyn Situation, _: &Client, action: &Action) -> Decision {
        match action.effect {
            Effect::Observe => Decision::Allow,
            Effect::Move => deny("an observer may look, not move the mount"),
            Effect::Stop => deny("an observer may look, not stop the mount"),
            Effect::Configure => deny("an observer may look, not change settings"),
            Effect::Administer => deny("an observer may look, not administer the host"),
        }
    }
}

export_policy!(Observer);
