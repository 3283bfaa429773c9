//! A policy for tests of the engine's limits: what it does follows from the client's id.

use std::hint::black_box;
use std::process::abort;

use slewgate_sdk::policy::{Action, Decision, Situation};
use slewgate_sdk::{Client, Policy, export_policy};

/// Allows everything to those whom it survives.
pub struct UnrulyPolicy;

impl Policy for UnrulyPolicy {
    fn configure(_settings: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn authorize(&self, _: &dyn Situation, client: &Client, _: &Action) -> Decision {
        match client.id.as_str() {
            "loops" => loop {
                black_box(());
            },
            "traps" => abort(),
            _ => Decision::Allow,
        }
    }
}

export_policy!(UnrulyPolicy);
