//! The policy of the client type `admin`: it may look, administer the host, and stop what moves; it moves and changes nothing on the hardware.

use slewgate_sdk::policy::{Action, Decision, Situation};
use slewgate_sdk::{Client, Effect, Policy, deny, export_policy};

/// May administer.
pub struct Admin;

/// The host's question whether a client may point at the Sun: a permission of who moves.
const POINT_AT_THE_SUN: &str = "limits.sun";

impl Policy for Admin {
    fn configure(_settings: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn authorize(&self, _: &dyn Situation, _: &Client, action: &Action) -> Decision {
        match action.effect {
            Effect::Administer if action.method == POINT_AT_THE_SUN => {
                deny("an administrator points at nothing")
            }
            Effect::Observe | Effect::Stop | Effect::Administer => Decision::Allow,
            Effect::Move => deny("an administrator may stop, not move anything"),
            Effect::Configure => deny("an administrator may not change settings of the hardware"),
        }
    }
}

export_policy!(Admin);

#[cfg(test)]
mod tests {
    use super::*;
    use slewgate_sdk::policy::AnyMoment;

    fn allowed(method: &str, effect: Effect) -> bool {
        let client = Client {
            session: "1".into(),
            id: "test".into(),
            client_type: "admin".into(),
            name: "Test".into(),
        };
        let action = Action {
            method: method.into(),
            effect,
            params: "{}".into(),
        };
        let policy = Admin::configure("{}").unwrap();
        policy.authorize(&AnyMoment, &client, &action) == Decision::Allow
    }

    #[test]
    fn an_administrator_looks_administers_and_stops() {
        for effect in [Effect::Observe, Effect::Administer, Effect::Stop] {
            assert!(allowed("host.test", effect));
        }
    }

    #[test]
    fn an_administrator_moves_nothing_and_points_at_nothing() {
        for effect in [Effect::Move, Effect::Configure] {
            assert!(!allowed("mount.test", effect));
        }
        assert!(!allowed(POINT_AT_THE_SUN, Effect::Administer));
    }
}
