//! The administrator's socket in the data directory: one request a line, one reply a line. Who can open it owns the host.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use serde_json::value::RawValue;
use slewgate_engine::StoppedBy;
use slewgate_rpc::{Call, Incoming, Outcome, Refusal, Reply, parse};
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;

use crate::methods::{HostMethod, HostMethods, json as result};
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

/// What the administrator talks with.
pub(crate) struct Local {
    pub(crate) methods: Arc<HostMethods>,
    /// Hears of stops.
    pub(crate) log: SecurityLog,
    /// Where copies go of what plugins keep, each under a number of its own.
    pub(crate) state_copy: PathBuf,
    pub(crate) copies: AtomicU64,
}

/// Takes away the copies that nobody fetched from the host before.
pub(crate) fn sweep(state_copy: &Path) {
    let (Some(place), Some(name)) = (state_copy.parent(), state_copy.file_name()) else {
        return;
    };
    let begins = name.to_string_lossy();
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    for entry in entries {
        if entry.file_name().to_string_lossy().starts_with(&*begins) {
            // It is in nobody's way.
            let _ = std::fs::remove_file(entry.path());
        }
    }
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
            COPY_STATE => self.copy_state().await,
            method => match self.methods.look_up(method) {
                Some((HostMethod::Administer(deed), command)) => {
                    command.fit(&call.params)?;
                    let asked = (deed, method);
                    let administration = &self.methods.administration;
                    administration.carry_out(asked, &call.params, None).await
                }
                _ => Err(Refusal::method_not_found(method)),
            },
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

    /// What plugins keep, in a file that is nobody's any more; null where nothing is kept.
    async fn copy_state(&self) -> Result<Box<RawValue>, Refusal> {
        let number = self.copies.fetch_add(1, Ordering::Relaxed);
        let to = self.state_copy.with_added_extension(number.to_string());
        let (plugins, file) = (Arc::clone(&self.methods.plugins), to.clone());
        let copied =
            tokio::task::spawn_blocking(move || plugins.copy_state(&file, COPY_PATIENCE)).await;
        match copied {
            Ok(Ok(is_there)) => result(&json!({ "file": is_there.then_some(&to) })),
            Ok(Err(error)) => Err(Refusal::refused(&error.to_string())),
            Err(error) => Err(Refusal::internal("", error)),
        }
    }

    fn record(&self, table: &str, failed: Option<&String>) {
        let how = failed.map_or("asked by the administrator", String::as_str);
        let event = SecurityEvent::new(EventKind::MotionStop).subject(table);
        self.log.record(event.reason(how));
    }
}
