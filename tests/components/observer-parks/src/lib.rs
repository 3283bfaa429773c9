//! A policy for tests of swaps: the observer's, with one thing more. It may also park the mount.

use slewgate_sdk::policy::{Action, Decision, Situation};
use slewgate_sdk::{Client, Effect, Policy, deny, export_policy};

/// May look and park.
pub struct ObserverParks;

impl Policy for ObserverParks {
    fn configure(_settings: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn authorize(&self, _: &dyn Situation, _: &Client, action: &Action) -> Decision {
        match action.effect {
            Effect::Observe => Decision::Allow,
            Effect::Move if action.method == "mount.park" => Decision::Allow,
            _ => deny("an observer may look and park, nothing else"),
        }
    }
}

export_policy!(ObserverParks);
