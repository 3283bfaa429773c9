//! A client of one call: it authenticates, asks, prints the answer and leaves.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message};

use super::way::{Stream, Way};
use super::{Common, Failure, platform, say};

/// How long the host may take in all.
const PATIENCE: Duration = Duration::from_secs(60);
/// The id of the one request.
const REQUEST: u64 = 1;

#[derive(Args)]
#[command(after_help = "\
The token comes from SLEWGATE_TOKEN, or from a file that only you can read:
  SLEWGATE_TOKEN=slg_… slewgate call mount.status
  slewgate call mount.goto '{\"ra\": \"18:36:56.34\", \"dec\": \"38:47:01.3\"}' --token-file token
  slewgate call mount.stop --url ws://telescope.local:4000
  slewgate call mount.stop --url wss://telescope.local:4000 --certificate certificate.pem
The result is printed as JSON. An error goes to standard error, with its code.")]
pub(super) struct Call {
    /// Such as mount.status; rpc.discover lists what the token may call
    method: String,
    /// An object in JSON
    #[arg(default_value = "{}")]
    params: String,
    /// The host's port for commands
    #[arg(
        long,
        value_name = "URL",
        env = "SLEWGATE_URL",
        default_value = "ws://127.0.0.1:4000"
    )]
    url: String,
    /// A file that holds the token and that only you can read (0600)
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// With wss://, the host's certificate in PEM, or that of who signed it [default: those that this machine trusts]
    #[arg(long, value_name = "FILE", env = "SLEWGATE_CERTIFICATE")]
    certificate: Option<PathBuf>,
    /// What the client calls itself: who has the same token and id is the same client, which stays in control from one call to the next
    #[arg(long, value_name = "ID", default_value = CLIENT_ID)]
    client_id: String,
}

/// The client of all calls that name none.
const CLIENT_ID: &str = "call";

/// The host's code for a token and id that are connected already.
const CONNECTED_ALREADY: u16 = 4009;

type Connection = WebSocketStream<Box<dyn Stream>>;

/// The host closed the connection.
#[derive(Debug, thiserror::Error)]
#[error("{reason} ({code})")]
struct Closed {
    reason: String,
    code: u16,
}

/// What came of the call.
enum Answer {
    Result(Value),
    Error(Value),
}

impl Call {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let params = object(&self.params)?;
        let way = Way::of(&self.url, self.certificate.as_deref())?;
        let token = token(self.token_file.as_deref())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let answer = runtime.context("cannot start")?.block_on(async {
            tokio::time::timeout(PATIENCE, self.converse(&way, &token, &params))
                .await
                .unwrap_or_else(|_| {
                    bail!(
                        "{} did not answer within {} s",
                        self.url,
                        PATIENCE.as_secs()
                    )
                })
        })?;
        match answer {
            Answer::Result(result) => say(common, &pretty(&result), &result),
            Answer::Error(error) if common.json => {
                let _ = writeln!(io::stderr(), "{}", json!({ "error": error }));
                Err(Failure::Told(1))
            }
            Answer::Error(error) => Err(anyhow!(refusal(&error)).into()),
        }
    }
}

impl Call {
    /// A call beside another of the same client, as from a script, is one of its own.
    async fn log_in(&self, way: &Way, token: &str) -> anyhow::Result<Connection> {
        match log_in(&self.url, way, token, &self.client_id).await {
            Err(error) if self.client_id == CLIENT_ID && is_connected_already(&error) => {
                let beside = format!("{CLIENT_ID}-{}", std::process::id());
                log_in(&self.url, way, token, &beside).await
            }
            outcome => outcome,
        }
    }

    async fn converse(
        &self,
        way: &Way,
        token: &str,
        params: &Map<String, Value>,
    ) -> anyhow::Result<Answer> {
        let mut socket = self.log_in(way, token).await?;
        send(
            &mut socket,
            &json!({"jsonrpc": "2.0", "id": REQUEST, "method": self.method, "params": params}),
        )
        .await?;
        let mut reply = receive(&mut socket, |message| message["id"] == REQUEST).await?;
        // The answer is there; how the connection ends changes nothing.
        let _ = socket.close(None).await;
        match reply.get_mut("error").map(Value::take) {
            Some(error) => Ok(Answer::Error(error)),
            None => Ok(Answer::Result(reply["result"].take())),
        }
    }
}

/// The error of a reply in one line: its sentence, its code, and what else is known.
pub(super) fn refusal(error: &Value) -> String {
    let sentence = error
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or("error");
    let code = error
        .get("code")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    match error.get("data") {
        Some(data) => format!("{sentence} ({code}): {data}"),
        None => format!("{sentence} ({code})"),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

fn object(params: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(params).map_err(|error| {
        Failure::Usage(format!(
            "PARAMS is no object in JSON such as '{{\"ra\": 5.5}}': {error}"
        ))
    })
}

/// The token, which is never an argument: other users can read those.
fn token(file: Option<&Path>) -> Result<String, Failure> {
    if let Some(file) = file {
        return read_token(file)
            .with_context(|| format!("cannot use {}", file.display()))
            .map_err(Failure::from);
    }
    let missing = || {
        Failure::Usage("no token: set SLEWGATE_TOKEN, or name a file with --token-file".to_owned())
    };
    std::env::var("SLEWGATE_TOKEN")
        .ok()
        .filter(|token| !token.is_empty())
        .ok_or_else(missing)
}

fn read_token(file: &Path) -> anyhow::Result<String> {
    platform::judge_private(&file.metadata()?).map_err(|why| anyhow!(why))?;
    Ok(std::fs::read_to_string(file)?.trim().to_owned())
}

/// An authenticated connection.
async fn log_in(url: &str, way: &Way, token: &str, client_id: &str) -> anyhow::Result<Connection> {
    let stream = way.connect(url).await?;
    let upgraded = tokio_tungstenite::client_async(url, stream).await;
    let (mut socket, _) = upgraded
        .map_err(|error| anyhow!(refused(error)))
        .with_context(|| format!("{url} does not accept a WebSocket"))?;
    send(
        &mut socket,
        &json!({"token": token, "client_id": client_id}),
    )
    .await?;
    let accepted = receive(&mut socket, |message| message["type"] == "auth_ok").await;
    accepted.context("the host did not accept the token")?;
    Ok(socket)
}

/// With the host's own words, where it answered.
fn refused(error: tungstenite::Error) -> String {
    let tungstenite::Error::Http(answer) = &error else {
        return error.to_string();
    };
    let words = answer.body().as_deref().unwrap_or_default();
    let words = String::from_utf8_lossy(words);
    match words.trim() {
        "" => error.to_string(),
        words => format!("{}: {words}", answer.status()),
    }
}

/// Whether the host said that this client is there already.
fn is_connected_already(error: &anyhow::Error) -> bool {
    let closed = error.downcast_ref::<Closed>();
    closed.is_some_and(|closed| closed.code == CONNECTED_ALREADY)
}

async fn send(socket: &mut Connection, message: &Value) -> anyhow::Result<()> {
    socket
        .send(Message::text(message.to_string()))
        .await
        .context("the host left")
}

/// The next message that is `wanted`; others, such as events, are passed over.
async fn receive(
    socket: &mut Connection,
    wanted: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    while let Some(message) = socket.next().await {
        match message.context("the host left")? {
            Message::Text(text) => {
                let message: Value =
                    serde_json::from_str(&text).context("the host's message is not JSON")?;
                if wanted(&message) {
                    return Ok(message);
                }
            }
            Message::Close(Some(close)) => {
                return Err(Closed {
                    reason: close.reason.to_string(),
                    code: close.code.into(),
                }
                .into());
            }
            _ => {}
        }
    }
    bail!("the host closed the connection without a word")
}
