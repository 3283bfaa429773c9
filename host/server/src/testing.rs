//! A door without a port, and clients for it: connections are pipes in memory, time stands still
//! until everybody waits.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use slewgate_security::admission::{Admission, AdmissionSettings, PenaltySettings};
use slewgate_security::log::{LogSettings, SecurityLog};
use slewgate_security::tokens::{TokenFile, TokenSet, TokenUses};
use slewgate_sky::{Clock, SharedClock};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::sync::CancellationToken;

use crate::connection::{Door, Service};
use crate::net::limits::Limits;
use crate::net::origins::Origins;
use crate::session::{Pipeline, Receiver};
use crate::sessions::{Session, Sessions};

/// Tokens of the harness.
pub(crate) const TELESCOPE: &str = "telescope-token-that-is-long-enough-0001";
pub(crate) const OBSERVER: &str = "observer-token-that-is-long-enough-00002";
pub(crate) const EXPIRED: &str = "expired-token-that-is-long-enough-000003";
pub(crate) const EARLY: &str = "early-token-that-is-long-enough-00000004";
/// Ends 100 s after the harness begins.
pub(crate) const ENDING: &str = "ending-token-that-is-long-enough-0000005";

/// Where clients come from unless a test says otherwise: an address that shares are counted for.
pub(crate) const PEER: &str = "192.0.2.7:50000";

/// The pipe's buffer in each direction.
const PIPE: usize = 4 * 1024;

/// Virtual time after which a test has failed.
const DEADLINE: Duration = Duration::from_secs(600);

pub(crate) type Client = WebSocketStream<DuplexStream>;

/// What the pipeline was told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Opened(u64),
    Text(u64, String),
    Ended(u64),
}

pub(crate) struct Harness {
    pub(crate) door: Arc<Door>,
    pub(crate) heard: mpsc::UnboundedReceiver<Heard>,
    pub(crate) tokens: watch::Sender<Arc<TokenSet>>,
    directory: tempfile::TempDir,
}

/// A wall clock that goes with the runtime's time.
struct TestClock(tokio::time::Instant);

impl Clock for TestClock {
    fn now(&self) -> f64 {
        // 2026-11-23T22:00:00Z
        1_795_471_200_000.0 + self.0.elapsed().as_secs_f64() * 1_000.0
    }
}

struct Recorder(mpsc::UnboundedSender<Heard>);

impl Pipeline for Recorder {
    fn open(&self, session: &Session) -> Box<dyn Receiver> {
        let session = session.client().session;
        let _ = self.0.send(Heard::Opened(session));
        Box::new(RecorderOf(session, self.0.clone()))
    }
}

struct RecorderOf(u64, mpsc::UnboundedSender<Heard>);

impl Receiver for RecorderOf {
    fn receive(&self, text: &str) {
        let _ = self.1.send(Heard::Text(self.0, text.to_owned()));
    }

    fn ended(&self) {
        let _ = self.1.send(Heard::Ended(self.0));
    }
}

impl Harness {
    pub(crate) fn new() -> Harness {
        // Tests do wrong again and again.
        let penalties = PenaltySettings {
            most: Duration::ZERO,
            ..PenaltySettings::default()
        };
        let admission = AdmissionSettings {
            penalties,
            ..AdmissionSettings::default()
        };
        Harness::with(Limits::default(), admission)
    }

    pub(crate) fn with(limits: Limits, admission: AdmissionSettings) -> Harness {
        let directory = tempfile::tempdir().unwrap();
        let log = SecurityLog::start(LogSettings::below(directory.path())).unwrap();
        let tokens = TokenFile::new(directory.path().join("api_tokens.json"));
        std::fs::write(tokens.path(), entries().to_string()).unwrap();
        let (tokens, in_force) = watch::channel(Arc::new(tokens.read().unwrap()));
        let (recorder, heard) = mpsc::unbounded_channel();
        let clock: SharedClock = Arc::new(TestClock(tokio::time::Instant::now()));
        let door = Door {
            limits,
            origins: Origins::new(["https://scope.example:8443"]),
            admission: Admission::new(admission),
            tokens: in_force,
            sessions: Arc::new(Sessions::default()),
            service: Service::Commands(Arc::new(Recorder(recorder))),
            tls: None,
            uses: Arc::new(TokenUses::open(directory.path().join("token_uses.json"))),
            log,
            clock,
            stopping: CancellationToken::new(),
        };
        Harness {
            door: Arc::new(door),
            heard,
            tokens,
            directory,
        }
    }

    /// Another set of tokens in force.
    pub(crate) fn set_tokens(&self, change: impl FnOnce(&mut Value)) {
        let mut entries = entries();
        change(&mut entries);
        let file = TokenFile::new(self.directory.path().join("api_tokens.json"));
        std::fs::write(file.path(), entries.to_string()).unwrap();
        self.tokens.send_replace(Arc::new(file.read().unwrap()));
    }

    /// A connection on which nothing has been said, and its life in the host.
    pub(crate) fn pipe(&self) -> (DuplexStream, JoinHandle<()>) {
        let peer: SocketAddr = PEER.parse().unwrap();
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let slot = self.door.admission.connect(peer.ip()).unwrap();
        let life = tokio::spawn(Arc::clone(&self.door).serve(
            ours,
            peer,
            tokio::time::Instant::now(),
            slot,
        ));
        (theirs, life)
    }

    /// The answer to a request for a WebSocket.
    pub(crate) async fn ask(&self, request: Request) -> Result<Client, Error> {
        let (pipe, _) = self.pipe();
        soon(client_async(request, pipe))
            .await
            .map(|(client, _)| client)
    }

    /// A WebSocket that has not authenticated.
    pub(crate) async fn connect(&self) -> Client {
        self.ask("ws://host/".into_client_request().unwrap())
            .await
            .unwrap()
    }

    /// A WebSocket after its first message.
    pub(crate) async fn introduce(&self, token: &str, id: &str) -> Client {
        let mut client = self.connect().await;
        say(
            &mut client,
            &json!({"token": token, "client_id": id}).to_string(),
        )
        .await;
        client
    }

    /// An authenticated client, and its `auth_ok`.
    pub(crate) async fn enter(&mut self, token: &str, id: &str) -> (Client, Value) {
        let mut client = self.introduce(token, id).await;
        let answer: Value = serde_json::from_str(&hear(&mut client).await).unwrap();
        assert_eq!(answer["type"], "auth_ok", "{answer}");
        let session = answer["session"].as_str().unwrap().parse().unwrap();
        assert_eq!(self.heard().await, Heard::Opened(session));
        (client, answer)
    }

    /// The next thing that the pipeline is told.
    pub(crate) async fn heard(&mut self) -> Heard {
        soon(self.heard.recv()).await.unwrap()
    }

    /// The security log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        assert!(self.door.log.flush(Duration::from_secs(10)));
        let path: PathBuf = self.directory.path().join("security/logs/security.log");
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn entries() -> Value {
    json!({
        TELESCOPE: {"client_type": "telescope", "name": "Main Telescope Controller"},
        OBSERVER: {"client_type": "observer", "name": "Guest"},
        EXPIRED: {"client_type": "telescope", "name": "Old", "expires": "2026-11-23T21:59:59Z"},
        EARLY: {"client_type": "telescope", "name": "New", "not_before": "2026-11-24T22:00:00Z"},
        ENDING: {"client_type": "telescope", "name": "Brief", "expires": "2026-11-23T22:01:40Z"},
    })
}

pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    timeout(DEADLINE, future)
        .await
        .expect("nothing happened before the deadline")
}

pub(crate) async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut WebSocketStream<S>,
    text: &str,
) {
    soon(client.send(Message::text(text))).await.unwrap();
}

/// The next text message; pings are answered on the way.
pub(crate) async fn hear<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut WebSocketStream<S>,
) -> String {
    let text = async {
        loop {
            match client.next().await.expect("the connection ended").unwrap() {
                Message::Text(text) => return text.as_str().to_owned(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected text, got {other:?}"),
            }
        }
    };
    soon(text).await
}

/// Reads to the close frame: the texts before it, its code and its reason.
pub(crate) async fn farewell<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut WebSocketStream<S>,
) -> (Vec<String>, u16, String) {
    let mut texts = Vec::new();
    let close = async {
        loop {
            match client
                .next()
                .await
                .expect("no close before the end")
                .unwrap()
            {
                Message::Text(text) => texts.push(text.as_str().to_owned()),
                Message::Close(Some(close)) => return close,
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected a close frame, got {other:?}"),
            }
        }
    };
    let close = soon(close).await;
    (texts, close.code.into(), close.reason.as_str().to_owned())
}
