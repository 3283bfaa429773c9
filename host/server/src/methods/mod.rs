//! The host's own methods. Each is decided by the policy like a plugin's, and takes its permit by value.

mod administer;
mod control;
mod discover;
mod info;
mod list;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use slewgate_engine::{Action, Command, Permit, Plugins};
use slewgate_rpc::Refusal;

use crate::sessions::{Session, Sessions};
use crate::topics::Topics;

pub(crate) use administer::Administration;
pub(crate) use info::{HostInfo, connection};
pub(crate) use list::{HostMethod, commands, questions};

/// See the module.
pub struct HostMethods {
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) topics: Topics,
    pub(crate) info: HostInfo,
    pub(crate) administration: Arc<Administration>,
    commands: Vec<(HostMethod, Command)>,
}

impl HostMethods {
    pub(crate) fn new(
        plugins: Arc<Plugins>,
        sessions: Arc<Sessions>,
        topics: Topics,
        info: HostInfo,
        administration: Arc<Administration>,
    ) -> anyhow::Result<HostMethods> {
        Ok(HostMethods {
            plugins,
            sessions,
            topics,
            info,
            administration,
            commands: list::commands()?,
        })
    }

    /// The host's method of this whole name.
    pub(crate) fn look_up(&self, method: &str) -> Option<(HostMethod, &Command)> {
        let (found, command) = self
            .commands
            .iter()
            .find(|(_, command)| command.verb == method)?;
        Some((*found, command))
    }

    pub(crate) async fn serve(
        &self,
        method: HostMethod,
        session: &Session,
        permit: Permit,
    ) -> Result<Box<RawValue>, Refusal> {
        match method {
            HostMethod::Discover => Box::pin(self.discover(permit)).await,
            HostMethod::Info => json(&self.info(Some(session))),
            HostMethod::Plugins => json(&self.reports()),
            HostMethod::Subscribe => self.topics.subscribe(session, permit),
            HostMethod::Unsubscribe => self.topics.unsubscribe(session, &permit),
            HostMethod::TakeControl => self.take_control(&permit),
            HostMethod::ReleaseControl => self.release_control(&permit),
            HostMethod::Administer(deed) => {
                let Action { method, params, .. } = permit.action();
                let asked = (deed, method.as_str());
                Box::pin(self.administration.carry_out(asked, params, Some(session))).await
            }
        }
    }

    pub(crate) fn session_closed(&self, session: u64) {
        self.topics.session_closed(session);
    }
}

/// `NAME.status`: the newest sample, renewed if it is older than the plugin's own period.
pub(crate) async fn status(
    permit: &Permit,
    table: &str,
    age: Duration,
) -> Result<Box<RawValue>, Refusal> {
    let reading = permit.snapshot().observe(table, age).await?;
    crate::topics::status(&reading)
}

/// A result as JSON text.
pub(crate) fn json(value: &impl Serialize) -> Result<Box<RawValue>, Refusal> {
    to_raw_value(value).map_err(|error| Refusal::internal("", error))
}
