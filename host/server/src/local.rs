//! The administrator's socket in the data directory: one request a line, one reply a line. Who can open it owns the host.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use slewgate_engine::{NotReleased, PluginKind, PluginReport, StoppedBy};
use slewgate_rpc::{Call, Incoming, Outcome, Refusal, Reply, parse};
use slewgate_security::admission::Admission;
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;

use crate::methods::{HostMethods, json as result};
use crate::platform::LocalListener;
use crate::stops::sent;

/// The socket's name in the data directory.
pub(crate) const SOCKET: &str = "host.sock";

/// Longest request, in bytes.
const MAX_REQUEST: u64 = 64 * 1024;

/// By which the administrator takes back a version of a plugin.
pub(crate) const ROLLBACK: &str = "host.plugin.rollback";

/// By which the administrator has a plugin called again that kept failing.
pub(crate) const RESUME: &str = "host.plugin.resume";

/// By which the administrator hears who waits outside for what was done wrong.
pub(crate) const PENALTIES: &str = "host.penalties";

/// By which the administrator lets them in again.
pub(crate) const FORGIVE: &str = "host.penalties.clear";

/// By which the administrator has a copy made of what plugins keep, for a backup.
pub(crate) const COPY_STATE: &str = "host.state.copy";

/// How long that may take.
const COPY_PATIENCE: Duration = Duration::from_secs(20);

/// Params of [`FORGIVE`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forgive {
    /// All of them, where there is none.
    address: Option<IpAddr>,
}

/// Params of [`ROLLBACK`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollBack {
    name: String,
    /// Needed where a handler and a policy have the name.
    kind: Option<PluginKind>,
}

/// What the administrator talks with.
pub(crate) struct Local {
    pub(crate) methods: Arc<HostMethods>,
    /// Knows who waits outside.
    pub(crate) admission: Admission,
    /// Hears of stops, and of who is forgiven.
    pub(crate) log: SecurityLog,
    /// Where a copy goes of what plugins keep.
    pub(crate) state_copy: PathBuf,
}

/// Opens the socket; a host that answers there already is an error.
pub(crate) fn bind(data: &Path) -> anyhow::Result<LocalListener> {
    LocalListener::bind(&data.join(SOCKET))
}

/// Serves until `stopping`.
pub(crate) async fn run(listener: LocalListener, local: Arc<Local>, stopping: CancellationToken) {
    loop {
        let stream = tokio::select! {
            () = stopping.cancelled() => return,
            stream = listener.accept() => stream,
        };
        match stream {
            Ok(stream) => {
                tokio::spawn(converse(stream, Arc::clone(&local), stopping.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the local socket");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    local: Arc<Local>,
    stopping: CancellationToken,
) {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        let mut bounded = (&mut reader).take(MAX_REQUEST);
        let read = tokio::select! {
            () = stopping.cancelled() => return,
            read = bounded.read_line(&mut line) => read,
        };
        if !matches!(read, Ok(1..)) {
            return;
        }
        let Some(reply) = local.answer(&line).await else {
            continue;
        };
        if writer
            .write_all(format!("{}\n", reply.to_text()).as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}

impl Local {
    async fn answer(&self, line: &str) -> Option<Reply> {
        match parse(line) {
            Incoming::One(Ok(call)) => {
                let outcome = self.serve(&call).await;
                Some(Reply {
                    id: call.id?,
                    outcome,
                })
            }
            Incoming::One(Err(reply)) => reply,
            Incoming::Batch(_) => Some(Reply::refused(
                slewgate_rpc::Id::Null,
                Refusal::invalid_request("no batches here"),
            )),
        }
    }

    async fn serve(&self, call: &Call) -> Result<Box<RawValue>, Refusal> {
        match call.method.as_str() {
            "host.plugins" => result(&self.methods.reports()),
            "host.info" => result(&self.methods.info(None)),
            "host.stop" => self.stop().await,
            ROLLBACK => self.roll_back(&call.params).await,
            RESUME => self.resume(call),
            PENALTIES => self.penalties(),
            FORGIVE => self.forgive(&call.params),
            COPY_STATE => self.copy_state().await,
            other => Err(Refusal::method_not_found(other)),
        }
    }

    /// Every table's lines: all are stopped before the first is waited for.
    async fn stop(&self) -> Result<Box<RawValue>, Refusal> {
        let by = StoppedBy("the administrator".to_owned());
        let plugins = &self.methods.plugins;
        let stopping: Vec<_> = plugins
            .tables()
            .values()
            .map(|table| (table.name(), plugins.stop(table, &by)))
            .collect();
        let (mut stopped, mut failed) = (Vec::new(), Vec::new());
        for (table, stopping) in stopping {
            let outcome = sent(stopping).await.map_err(|refusal| refusal.to_string());
            self.record(table, outcome.as_ref().err());
            match outcome {
                Ok(_) => stopped.push(table),
                Err(why) => failed.push(format!("{table}: {why}")),
            }
        }
        match failed.join("; ") {
            none if none.is_empty() => result(&json!({ "stopped": stopped })),
            failed => Err(Refusal::hardware(
                Outcome::Indeterminate,
                failed.clone(),
                failed,
            )),
        }
    }

    /// The version of a plugin before this one serves again.
    async fn roll_back(&self, params: &Map<String, Value>) -> Result<Box<RawValue>, Refusal> {
        let asked: RollBack = serde_json::from_value(Value::Object(params.clone()))
            .map_err(|error| Refusal::invalid_params("params", error))?;
        let reports = self.methods.reports();
        let fits = |report: &&PluginReport| {
            report.name == asked.name && asked.kind.is_none_or(|kind| kind == report.kind)
        };
        let mut found = reports.iter().filter(fits).map(|report| report.kind);
        let kind = match (found.next(), found.next()) {
            (Some(kind), None) => kind,
            (None, _) => return Err(Refusal::refused("there is no plugin of that name")),
            (Some(_), Some(_)) => {
                return Err(Refusal::refused(
                    "there is a handler and a policy of that name; say which, with --kind handler or --kind policy",
                ));
            }
        };
        let rolled = self.methods.plugins.roll_back(kind, &asked.name).await;
        rolled.map_err(|error| Refusal::refused(&error.to_string()))?;
        result(&json!({ "rolled_back": asked.name, "kind": kind }))
    }

    /// Plugins of a name are called again, which kept failing.
    fn resume(&self, call: &Call) -> Result<Box<RawValue>, Refusal> {
        let name = call.params.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| Refusal::invalid_params("name", "the name of a plugin"))?;
        match self.methods.plugins.release(name) {
            Ok(released) => result(&json!({ "resumed": released })),
            Err(why @ NotReleased::Unknown(_)) => Err(Refusal::invalid_params("name", why)),
            Err(why @ NotReleased::Free(_)) => Err(Refusal::refused(&why.to_string())),
        }
    }

    /// What plugins keep, in a file that is nobody's any more; null where nothing is kept.
    async fn copy_state(&self) -> Result<Box<RawValue>, Refusal> {
        let (plugins, to) = (Arc::clone(&self.methods.plugins), self.state_copy.clone());
        let copied =
            tokio::task::spawn_blocking(move || plugins.copy_state(&to, COPY_PATIENCE)).await;
        match copied {
            Ok(Ok(is_there)) => result(&json!({ "file": is_there.then_some(&self.state_copy) })),
            Ok(Err(error)) => Err(Refusal::refused(&error.to_string())),
            Err(error) => Err(Refusal::internal("", error)),
        }
    }

    /// Who waits outside, and for how long.
    fn penalties(&self) -> Result<Box<RawValue>, Refusal> {
        let penalties = self.admission.penalties().into_iter();
        let penalties: Vec<_> = penalties
            .map(
                |(source, left)| json!({ "source": source.to_string(), "seconds": left.as_secs() }),
            )
            .collect();
        result(&penalties)
    }

    /// Nobody waits outside any more, or one source.
    fn forgive(&self, params: &Map<String, Value>) -> Result<Box<RawValue>, Refusal> {
        let asked: Forgive = serde_json::from_value(Value::Object(params.clone()))
            .map_err(|error| Refusal::invalid_params("params", error))?;
        let cleared = self.admission.forgive(asked.address);
        let mut event = SecurityEvent::new(EventKind::PenaltiesCleared).count(cleared as u64);
        event.address = asked.address;
        self.log.record(event.reason("asked by the administrator"));
        result(&json!({ "cleared": cleared }))
    }

    fn record(&self, table: &str, failed: Option<&String>) {
        let how = failed.map_or("asked by the administrator", String::as_str);
        let event = SecurityEvent::new(EventKind::MotionStop).subject(table);
        self.log.record(event.reason(how));
    }
}
