//! `host.info` and `host.plugins`.

use std::time::Instant;

use serde_json::{Value, json};
use slewgate_engine::{Attached, Connection, Table};
use slewgate_serial::{Line, LineState};
use slewgate_sky::SharedClock;

use super::HostMethods;
use crate::authenticate::timestamp;
use crate::sessions::Session;

/// What the host knows of itself.
pub(crate) struct HostInfo {
    pub(crate) clock: SharedClock,
    pub(crate) started: Instant,
    pub(crate) site: Option<slewgate_sky::Site>,
}

impl HostMethods {
    /// `asking`: none for the administrator at the local socket.
    pub(crate) fn info(&self, asking: Option<&Session>) -> Value {
        let session = asking.map(|session| {
            let client = session.client();
            json!({
                "session": client.session.to_string(), "client_id": client.client_id,
                "client_type": client.token.client_type, "name": client.token.name,
            })
        });
        let site = self.info.site.map(|site| {
            json!({ "latitude": site.latitude, "longitude": site.longitude, "elevation": site.elevation })
        });
        json!({
            "name": "slewgate",
            "version": env!("CARGO_PKG_VERSION"),
            "time": timestamp(&*self.info.clock).to_string(),
            "uptime_ms": u64::try_from(self.info.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "snapshot": self.plugins.current().number(),
            "site": site,
            "clients": self.sessions.count(),
            "plugins": self.tables(),
            "you": session,
        })
    }

    /// How each plugin stands, for `host.plugins` and the topic.
    pub(crate) fn reports(&self) -> Vec<slewgate_engine::PluginReport> {
        self.plugins.reports().borrow().clone()
    }

    /// The tables: their lines, what was found there, and what moves.
    fn tables(&self) -> Value {
        let tables = self.plugins.tables().iter().map(|(name, table)| {
            let motions: Vec<_> = table.motions().iter().map(crate::topics::motion).collect();
            let mut state = connection(table, &mut table.connection());
            state["motions"] = motions.into();
            (name.clone(), state)
        });
        Value::Object(tables.collect())
    }
}

/// How a table's lines and its hardware are.
pub(crate) fn connection(table: &Table, connection: &mut Connection) -> Value {
    let (lines, attached) = connection.now();
    let lines = lines.into_iter().map(|(role, state)| {
        let name = table.lines().get(role).map_or("", Line::name);
        (role.to_owned(), line_state(name, &state))
    });
    let hardware = match attached {
        Attached::NotYet => json!({ "state": "unknown" }),
        Attached::Failed(cause) => json!({ "state": "failed", "error": cause }),
        Attached::Silent => json!({ "state": "silent" }),
        Attached::To(found) => {
            json!({ "state": "attached", "model": found.model, "lacks": found.lacks })
        }
    };
    json!({ "lines": Value::Object(lines.collect()), "hardware": hardware })
}

fn line_state(name: &str, state: &LineState) -> Value {
    match state {
        LineState::Open { opened } => json!({ "line": name, "state": "open", "opened": opened }),
        LineState::Connecting { error } => {
            json!({ "line": name, "state": "connecting", "error": error })
        }
        LineState::Closed => json!({ "line": name, "state": "closed" }),
    }
}
