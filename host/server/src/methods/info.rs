//! `host.info` and `host.plugins`.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;
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

/// See `host.info` in protocol.md, as all that follow.
#[derive(Serialize)]
pub(crate) struct Info<'a> {
    name: &'static str,
    version: &'static str,
    /// Of the contract with plugins.
    contracts: Vec<String>,
    time: String,
    uptime_ms: u128,
    snapshot: u64,
    site: Option<Site>,
    clients: usize,
    plugins: BTreeMap<&'a str, State>,
    you: Option<You<'a>>,
}

#[derive(Serialize)]
struct Site {
    latitude: f64,
    longitude: f64,
    elevation: f64,
}

#[derive(Serialize)]
struct You<'a> {
    session: String,
    client_id: &'a str,
    client_type: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct State {
    #[serde(flatten)]
    connection: ConnectionState,
    motions: Vec<Value>,
    /// The client in control.
    control: Value,
}

/// How a table's lines and its hardware are.
#[derive(PartialEq, Serialize)]
pub(crate) struct ConnectionState {
    /// By role.
    lines: BTreeMap<String, LineReport>,
    hardware: Hardware,
}

#[derive(PartialEq, Serialize)]
struct LineReport {
    line: String,
    #[serde(flatten)]
    state: Opened,
}

#[derive(PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Opened {
    Open { opened: u64 },
    Connecting { error: Option<String> },
    Closed,
}

#[derive(PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Hardware {
    Unknown,
    Failed { error: String },
    Silent,
    Attached { model: String, lacks: Vec<String> },
}

impl HostMethods {
    /// `asking`: none for the administrator at the local socket.
    pub(crate) fn info<'a>(&'a self, asking: Option<&'a Session>) -> Info<'a> {
        let tables = self.plugins.tables().iter().map(|(name, table)| {
            let state = State {
                connection: connection(table, &mut table.connection()),
                motions: table.motions().iter().map(crate::topics::motion).collect(),
                control: crate::topics::holder(table.holder().as_ref()),
            };
            (name.as_str(), state)
        });
        let contracts = self.plugins.contracts();
        let contracts = contracts.iter().map(ToString::to_string);
        Info {
            name: "slewgate",
            version: env!("CARGO_PKG_VERSION"),
            contracts: contracts.collect(),
            time: timestamp(&*self.info.clock).to_string(),
            uptime_ms: self.info.started.elapsed().as_millis(),
            snapshot: self.plugins.current().number(),
            site: self.info.site.map(|site| Site {
                latitude: site.latitude,
                longitude: site.longitude,
                elevation: site.elevation,
            }),
            clients: self.sessions.count(),
            plugins: tables.collect(),
            you: asking.map(You::of),
        }
    }

    /// How each plugin stands, for `host.plugins` and the topic.
    pub(crate) fn reports(&self) -> Vec<slewgate_engine::PluginReport> {
        self.plugins.reports()
    }
}

impl You<'_> {
    fn of(session: &Session) -> You<'_> {
        let client = session.client();
        You {
            session: client.session.to_string(),
            client_id: &client.client_id,
            client_type: &client.token.client_type,
            name: &client.token.name,
        }
    }
}

/// How it is now, which is seen then.
pub(crate) fn connection(table: &Table, connection: &mut Connection) -> ConnectionState {
    let (lines, attached) = connection.now();
    let lines = lines.into_iter().map(|(role, state)| {
        let line = table.lines().get(role).map_or("", Line::name).to_owned();
        let state = Opened::from(state);
        (role.to_owned(), LineReport { line, state })
    });
    ConnectionState {
        lines: lines.collect(),
        hardware: Hardware::from(attached),
    }
}

impl From<LineState> for Opened {
    fn from(state: LineState) -> Opened {
        match state {
            LineState::Open { opened } => Opened::Open { opened },
            LineState::Connecting { error } => Opened::Connecting { error },
            LineState::Closed => Opened::Closed,
        }
    }
}

impl From<Attached> for Hardware {
    fn from(attached: Attached) -> Hardware {
        match attached {
            Attached::NotYet => Hardware::Unknown,
            Attached::Unloaded => Hardware::Failed {
                error: "the plugin is not loaded".to_owned(),
            },
            Attached::Failed(error) => Hardware::Failed { error },
            Attached::Silent => Hardware::Silent,
            Attached::To(found) => Hardware::Attached {
                model: found.model,
                lacks: found.lacks,
            },
        }
    }
}
