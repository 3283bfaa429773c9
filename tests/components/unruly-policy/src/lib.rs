//! A policy for tests of the engine's limits: what it does follows from the client's id.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::abort;
use std::sync::Mutex;

use slewgate_sdk::policy::{Action, Decision, Situation};
use slewgate_sdk::{Client, Policy, deny, export_policy};

/// How often the clients `counts` and `looks` may have the same method.
const OFTEN: u32 = 2;

/// Allows everything to those whom it survives.
#[derive(Default)]
pub struct UnrulyPolicy {
    /// Questions by client and method. No policy should keep count: its instances come and go.
    asked: Mutex<BTreeMap<(String, String), u32>>,
}

impl UnrulyPolicy {
    fn count(&self, client: &Client, action: &Action) -> Decision {
        let mut asked = self.asked.lock().unwrap_or_else(|_| abort());
        let question = (client.id.clone(), action.method.clone());
        let times = asked.entry(question).or_default();
        *times += 1;
        match *times > OFTEN {
            true => deny("asked too often"),
            false => Decision::Allow,
        }
    }
}

impl Policy for UnrulyPolicy {
    fn configure(_settings: &str) -> Result<Self, String> {
        Ok(Self::default())
    }

    fn authorize(&self, situation: &dyn Situation, client: &Client, action: &Action) -> Decision {
        match client.id.as_str() {
            "loops" => loop {
                black_box(());
            },
            "traps" => abort(),
            "counts" => self.count(client, action),
            "looks" => {
                black_box(situation.now());
                self.count(client, action)
            }
            _ => Decision::Allow,
        }
    }
}

export_policy!(UnrulyPolicy);
