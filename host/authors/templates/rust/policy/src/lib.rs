//! What clients of type `plugin-name` may do: look, stop, and move a mount that is not on its way.

use slewgate_sdk::policy::{Action, Decision, Situation};
use slewgate_sdk::{Client, Effect, Moving, Policy, deny, export_policy};

/// The policy; it has no settings.
pub struct Visitor;

impl Policy for Visitor {
    fn configure(_settings: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn authorize(&self, situation: &dyn Situation, _: &Client, action: &Action) -> Decision {
        match action.effect {
            Effect::Observe | Effect::Stop => Decision::Allow,
            Effect::Move => may_move(situation),
            Effect::Configure | Effect::Administer => deny("a visitor may look and move"),
        }
    }
}

/// What nobody has seen may be on its way.
fn may_move(situation: &dyn Situation) -> Decision {
    match situation
        .observed()
        .map(|reading| reading.observation.moving)
    {
        Some(Moving::Still | Moving::Tracking) => Decision::Allow,
        Some(Moving::Moving) => deny("the mount is on its way; wait until it stands"),
        Some(Moving::Unknown) | None => deny("it is not known whether the mount stands"),
    }
}

export_policy!(Visitor);

#[cfg(test)]
mod tests {
    use super::*;
    use slewgate_sdk::policy::Reading;
    use slewgate_sdk::{Instant, Observation, Site};

    /// A moment in which the mount was seen so, or not at all.
    struct Moment(Option<Moving>);

    impl Situation for Moment {
        fn now(&self) -> Instant {
            0.0
        }

        fn location(&self) -> Option<Site> {
            None
        }

        fn observed(&self) -> Option<Reading> {
            let observation = |moving| Observation {
                moving,
                position: None,
                axes: None,
                data: "{}".into(),
            };
            self.0.map(|moving| Reading {
                observation: observation(moving),
                age: 0,
            })
        }

        fn in_control(&self) -> Option<String> {
            None
        }
    }

    fn allowed(moving: Option<Moving>, effect: Effect) -> bool {
        let client = Client {
            session: "1".into(),
            id: "test".into(),
            client_type: "plugin-name".into(),
            name: "Test".into(),
        };
        let action = Action {
            method: "mount.test".into(),
            effect,
            params: "{}".into(),
        };
        let decision = Visitor.authorize(&Moment(moving), &client, &action);
        matches!(decision, Decision::Allow)
    }

    #[test]
    fn a_mount_is_moved_only_where_it_is_known_to_stand_or_to_track() {
        for (moving, may) in [
            (Some(Moving::Still), true),
            (Some(Moving::Tracking), true),
            (Some(Moving::Moving), false),
            (Some(Moving::Unknown), false),
            (None, false),
        ] {
            assert_eq!(allowed(moving, Effect::Move), may, "{moving:?}");
        }
    }

    #[test]
    fn looking_and_stopping_are_always_allowed_and_settings_never() {
        for moving in [None, Some(Moving::Moving), Some(Moving::Still)] {
            assert!(allowed(moving, Effect::Observe));
            assert!(allowed(moving, Effect::Stop));
            assert!(!allowed(moving, Effect::Configure));
            assert!(!allowed(moving, Effect::Administer));
        }
    }
}
