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

#[cfg(test)]
mod tests {
    use super::*;
    use slewgate_sdk::policy::AnyMoment;

    fn decision(effect: Effect) -> Decision {
        let client = Client {
            session: "1".into(),
            id: "test".into(),
            client_type: "telescope".into(),
            name: "Test".into(),
        };
        let action = Action {
            method: "mount.test".into(),
            effect,
            params: "{}".into(),
        };
        let policy = Telescope::configure("{}").unwrap();
        policy.authorize(&AnyMoment, &client, &action)
    }

    #[test]
    fn a_telescope_may_do_what_concerns_the_mount() {
        for effect in [
            Effect::Observe,
            Effect::Move,
            Effect::Stop,
            Effect::Configure,
        ] {
            assert_eq!(decision(effect), Decision::Allow, "{effect:?}");
        }
    }

    #[test]
    fn a_telescope_does_not_administer_the_host() {
        assert!(matches!(decision(Effect::Administer), Decision::Deny(_)));
    }
}
