//! A policy for tests of isolation: its settings say in which export it does what no plugin should, and the id of a client what it
//! does when it is asked about that one. It allows everything to those whom it survives.

#[path = "../../hostile/src/acts.rs"]
mod acts;

use acts::{Settings, act};
use slewgate_sdk::policy::{Action, Decision, Situation};
use slewgate_sdk::{Client, Policy, export_policy};

/// It does nothing by itself.
pub struct HostilePolicy {
    settings: Settings,
}

impl Policy for HostilePolicy {
    fn configure(settings: &str) -> Result<Self, String> {
        let settings = Settings::read(settings)?;
        settings.act_in("configure");
        Ok(Self { settings })
    }

    fn authorize(&self, _: &dyn Situation, client: &Client, _: &Action) -> Decision {
        self.settings.act_in("authorize");
        act(&client.id);
        Decision::Allow
    }
}

export_policy!(HostilePolicy);
