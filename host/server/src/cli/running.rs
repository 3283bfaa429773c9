//! A running host, asked over the local socket in its data directory: one request a line, one reply a line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::{Map, Value, json};

use super::{call, platform};

/// The socket's name in the data directory.
const SOCKET: &str = "host.sock";
/// How long the host may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A host that takes longer than this is taken for hung by who can do without it.
pub(super) const SILENT_AFTER: Duration = Duration::from_secs(2);
/// The longest reply, in bytes.
const LONGEST_REPLY: u64 = 4 << 20;

/// Why a host did not do what it was asked.
#[derive(Debug)]
pub(super) enum Unanswered {
    NoHost,
    /// It is there, and did not answer in time.
    Silent,
    /// It answered, or the socket cannot be used: why.
    Refused(anyhow::Error),
}

/// Calls a method of the host that runs on the directory `data`.
pub(super) fn call(data: &Path, method: &str, params: Map<String, Value>) -> anyhow::Result<Value> {
    converse(data, method, params, PATIENCE).map_err(|unanswered| match unanswered {
        Unanswered::NoHost => anyhow!("no host is running on {}", data.display()),
        Unanswered::Silent => anyhow!("the host on {} did not answer", data.display()),
        Unanswered::Refused(error) => error,
    })
}

/// The same by [`SILENT_AFTER`], whatever the host does: with one that hangs even to connect may take for ever.
pub(super) fn ask(
    data: &Path,
    method: &'static str,
    params: Map<String, Value>,
) -> Result<Value, Unanswered> {
    ask_within(SILENT_AFTER, data, method, params)
}

/// The same within another time.
pub(super) fn ask_within(
    patience: Duration,
    data: &Path,
    method: &'static str,
    params: Map<String, Value>,
) -> Result<Value, Unanswered> {
    let (tell, told) = channel();
    let data: PathBuf = data.to_owned();
    thread::spawn(move || {
        // Nobody waits any more.
        let _ = tell.send(converse(&data, method, params, patience));
    });
    told.recv_timeout(patience)
        .unwrap_or(Err(Unanswered::Silent))
}

fn converse(
    data: &Path,
    method: &str,
    params: Map<String, Value>,
    patience: Duration,
) -> Result<Value, Unanswered> {
    let socket = data.join(SOCKET);
    let stream = platform::connect(&socket, patience).map_err(|error| match error.kind() {
        // A socket that nobody listens to was left by a host that ended at once.
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Unanswered::NoHost,
        _ => Unanswered::Refused(anyhow!("cannot open {}: {error}", socket.display())),
    })?;
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let reply = exchange(stream, &request).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Unanswered::Silent,
        // It ended in the middle of it.
        _ => Unanswered::NoHost,
    })?;
    result(&reply).map_err(Unanswered::Refused)
}

fn result(reply: &str) -> anyhow::Result<Value> {
    let reply: Value = serde_json::from_str(reply).context("the host's answer is not JSON")?;
    match (reply.get("result"), reply.get("error")) {
        (Some(result), _) => Ok(result.clone()),
        (None, Some(error)) => Err(anyhow!("{}", call::refusal(error))),
        (None, None) => Err(anyhow!("the host's answer is no reply: {reply}")),
    }
}

fn exchange(mut stream: impl Read + Write, request: &Value) -> io::Result<String> {
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut reply = String::new();
    BufReader::new(stream.take(LONGEST_REPLY)).read_line(&mut reply)?;
    if reply.is_empty() {
        Err(io::ErrorKind::UnexpectedEof.into())
    } else {
        Ok(reply)
    }
}
