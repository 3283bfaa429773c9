//! A running host, asked over the local socket in its data directory: one request a line, one reply a line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value, json};

use super::{call, platform};

/// The socket's name in the data directory.
const SOCKET: &str = "host.sock";
/// How long the host may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest reply, in bytes.
const LONGEST_REPLY: u64 = 4 << 20;

/// Calls a method of the host that runs on the directory `data`.
pub(super) fn call(data: &Path, method: &str, params: Map<String, Value>) -> anyhow::Result<Value> {
    let stream = platform::connect(&data.join(SOCKET), PATIENCE)
        .map_err(|error| no_connection(data, &error))?;
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let reply = exchange(stream, &request)
        .with_context(|| format!("the host on {} did not answer", data.display()))?;
    let reply: Value = serde_json::from_str(&reply).context("the host's answer is not JSON")?;
    match (reply.get("result"), reply.get("error")) {
        (Some(result), _) => Ok(result.clone()),
        (None, Some(error)) => Err(anyhow!("{}", call::refusal(error))),
        (None, None) => bail!("the host's answer is no reply: {reply}"),
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

fn no_connection(data: &Path, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        // A socket that nobody listens to was left by a host that ended at once.
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            anyhow!("no host is running on {}", data.display())
        }
        _ => anyhow!("cannot open {}: {error}", data.join(SOCKET).display()),
    }
}
