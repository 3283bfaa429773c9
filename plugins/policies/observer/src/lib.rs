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
            Effect::Move => deny("an observer may look, not move anything"),
            Effect::Stop => deny("an observer may look, not stop anything"),
            Effect::Configure => deny("an observer may look, not change settings"),
            Effect::Administer => deny("an observer may look, not administer the host"),
        }
    }
}

export_policy!(Observer);

#[cfg(test)]
mod tests {
    use super::*;
    use slewgate_sdk::policy::AnyMoment;

    fn decision(effect: Effect) -> Decision {
        let client = Client {
            session: "1".into(),
            id: "test".into(),
            client_type: "observer".into(),
            name: "Test".into(),
        };
        let action = Action {
            method: "mount.test".into(),
            effect,
            params: "{}".into(),
        };
        let policy = Observer::configure("{}").unwrap();
        policy.authorize(&AnyMoment, &client, &action)
    }

    #[test]
    fn an_observer_may_look() {
        assert_eq!(decision(Effect::Observe), Decision::Allow);
    }

    #[test]
    fn an_observer_may_nothing_else_and_hears_why() {
        for effect in [
            Effect::Move,
            Effect::Stop,
            Effect::Configure,
            Effect::Administer,
        ] {
            match decision(effect) {
                Decision::Deny(reason) => assert!(reason.starts_with("an observer may look, not ")),
                Decision::Allow => panic!("{effect:?} was allowed"),
            }
        }
    }
}
