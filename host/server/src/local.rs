//! The administrator's socket in the data directory: one request a line, one reply a line. Who can open it owns the host.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;
use slewgate_engine::StoppedBy;
use slewgate_rpc::{Call, Incoming, Refusal, Reply, parse};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;

use crate::methods::{HostMethods, json};
use crate::platform::LocalListener;
use crate::stops::sent;

/// The socket's name in the data directory.
pub(crate) const SOCKET: &str = "host.sock";

/// Longest request, in bytes.
const MAX_REQUEST: u64 = 64 * 1024;

/// Opens the socket; a host that answers there already is an error.
pub(crate) fn bind(data: &Path) -> anyhow::Result<LocalListener> {
    LocalListener::bind(&data.join(SOCKET))
}

/// Serves until `stopping`.
pub(crate) async fn run(
    listener: LocalListener,
    methods: Arc<HostMethods>,
    stopping: CancellationToken,
) {
    loop {
        let stream = tokio::select! {
            () = stopping.cancelled() => return,
            stream = listener.accept() => stream,
        };
        match stream {
            Ok(stream) => {
                tokio::spawn(converse(stream, Arc::clone(&methods), stopping.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the local socket");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    methods: Arc<HostMethods>,
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
        let Some(reply) = answer(&line, &methods).await else {
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

async fn answer(line: &str, methods: &HostMethods) -> Option<Reply> {
    match parse(line) {
        Incoming::One(Ok(call)) => {
            let outcome = serve(&call, methods).await;
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

async fn serve(call: &Call, methods: &HostMethods) -> Result<Box<RawValue>, Refusal> {
    match call.method.as_str() {
        "host.plugins" => json(&methods.reports()),
        "host.info" => json(&methods.info(None)),
        "host.stop" => stop(methods).await,
        other => Err(Refusal::method_not_found(other)),
    }
}

/// Every table's lines: all are stopped before the first is waited for.
async fn stop(methods: &HostMethods) -> Result<Box<RawValue>, Refusal> {
    let by = StoppedBy("the administrator".to_owned());
    let stopping: Vec<_> = methods
        .plugins
        .tables()
        .values()
        .map(|table| (table.name().to_owned(), methods.plugins.stop(table, &by)))
        .collect();
    let mut stopped = serde_json::Map::new();
    for (table, stopping) in stopping {
        let outcome = sent(stopping).await.map_or_else(
            |refusal| Value::from(refusal.to_string()),
            |_| Value::from("stopped"),
        );
        stopped.insert(table, outcome);
    }
    json(&stopped)
}
