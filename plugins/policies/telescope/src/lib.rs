//! The policy of the client type `telescope`: everything but the administration of the host, and taking control from others where
//! its settings do not allow that.

use serde::Deserialize;
use slewgate_sdk::policy::{Action, Decision, Situation};
use slewgate_sdk::{Client, Effect, Policy, deny, export_policy};

/// May do what moves and configures the mount.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telescope {
    /// Its clients may take control from others: `control.take` with `force`.
    take_over: bool,
    /// Its clients may point at the Sun. It takes a filter too: `[limits] solar_filter`.
    sun: bool,
}

/// The host's question whether a client may point at the Sun.
const POINT_AT_THE_SUN: &str = "limits.sun";

/// By which control is taken.
const TAKE_CONTROL: &str = "control.take";

/// The params of that, as far as they matter here.
#[derive(Deserialize)]
struct TakeControl {
    #[serde(default)]
    force: bool,
}

impl Policy for Telescope {
    fn configure(settings: &str) -> Result<Self, String> {
        serde_json::from_str(settings).map_err(|error| error.to_string())
    }

    fn authorize(&self, _: &dyn Situation, _: &Client, action: &Action) -> Decision {
        if action.method == TAKE_CONTROL && !self.take_over && by_force(&action.params) {
            return deny(
                "taking control from another client needs the setting take_over of the policy",
            );
        }
        if action.method == POINT_AT_THE_SUN {
            return match self.sun {
                true => Decision::Allow,
                false => deny("pointing at the Sun needs the setting sun of the policy"),
            };
        }
        match action.effect {
            Effect::Observe | Effect::Move | Effect::Stop | Effect::Configure => Decision::Allow,
            Effect::Administer => {
                deny("a telescope client may move the mount, not administer the host")
            }
        }
    }
}

/// What cannot be read is taken for force.
fn by_force(params: &str) -> bool {
    serde_json::from_str(params).map_or(true, |TakeControl { force }| force)
}

export_policy!(Telescope);

#[cfg(test)]
mod tests {
    use super::*;
    use slewgate_sdk::policy::AnyMoment;

    fn decision(effect: Effect) -> Decision {
        decide("{}", "mount.test", effect, "{}")
    }

    fn decide(settings: &str, method: &str, effect: Effect, params: &str) -> Decision {
        let client = Client {
            session: "1".into(),
            id: "test".into(),
            client_type: "telescope".into(),
            name: "Test".into(),
        };
        let action = Action {
            method: method.into(),
            effect,
            params: params.into(),
        };
        let policy = Telescope::configure(settings).unwrap();
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
    #[test]
    fn control_is_taken_from_others_only_where_the_settings_allow_it() {
        let take = |settings, params| decide(settings, TAKE_CONTROL, Effect::Move, params);
        assert_eq!(take("{}", "{}"), Decision::Allow);
        assert_eq!(take("{}", r#"{"force":false}"#), Decision::Allow);
        assert!(matches!(take("{}", r#"{"force":true}"#), Decision::Deny(_)));
        assert_eq!(
            take(r#"{"take_over":true}"#, r#"{"force":true}"#),
            Decision::Allow
        );
    }

    #[test]
    fn who_points_at_the_sun_needs_a_setting() {
        let ask = |settings| decide(settings, POINT_AT_THE_SUN, Effect::Administer, "{}");
        assert!(matches!(ask("{}"), Decision::Deny(_)));
        assert_eq!(ask(r#"{"sun":true}"#), Decision::Allow);
    }

    #[test]
    fn settings_that_are_misspelt_are_no_settings() {
        assert!(Telescope::configure(r#"{"takeover":true}"#).is_err());
    }
}
