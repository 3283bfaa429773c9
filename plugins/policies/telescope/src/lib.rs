//! The policy of the client type `telescope`: everything but the administration of the host.

use slewgate_sdk::policy::{Action, Decision, Situation};
use slewgate_sdk::{Client, Effect, Policy, deny, export_policy};

/// May do what moves and configures the mount.
pub struct Telescope;

impl Policy for Telescope {
    fn configure(_settings: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn authorize(&self, _: &dyn Situation, _: &Client, action: &Action) -> Decision {
        match action.effect {
            Effect::Observe | Effect::Move | Effect::Stop | Effect::Configure => Decision::Allow,
            Effect::Administer => {
                deny("a telescope client may move the mount, not administer the host")
            }
        }
    }
}

export_policy!(Telescope);
