//! One line of the log, before it is text.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A connection was accepted.
    Connection,
    /// A client authenticated.
    AuthOk,
    /// A client did not.
    AuthFailed,
    /// A connection was closed.
    Closed,
    /// A request or a connection was one too many.
    RateLimit,
    /// A policy said no.
    Denied,
    /// A token was added or taken away, or the file of tokens has something wrong.
    TokenChange,
    /// A component was put in the place of another, or was not.
    PluginSwap,
    /// A component may not run: nobody parsed it.
    PluginUntrusted,
    /// Control of the hardware changed hands.
    Control,
    /// Sources that waited outside for what they did wrong need not any more.
    PenaltiesCleared,
    /// Somebody administered the host.
    Administration,
    /// Motion was stopped.
    MotionStop,
    /// Somebody should look.
    Alarm,
    /// Events are missing here: the disk was full, or the queue.
    Gap,
}

/// An event and what is known about it; what is not known stays out of the line.
///
/// Every text may come from a client: the log makes it harmless (see [`super::client_text`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecurityEvent {
    /// When it was put on record; the log fills it in.
    #[serde(serialize_with = "milliseconds")]
    pub(crate) time: Timestamp,
    /// What happened.
    #[serde(rename = "event")]
    pub kind: EventKind,
    /// Where the client is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// And its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The session's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// The id that the client gave itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The id of its token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_type: Option<String>,
    /// What it is about: a method, a plugin, a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// SHA-256 of a component, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The close code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// How often; lost events in a gap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Why, in the host's words: the cause, not the sentence that the client was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl SecurityEvent {
    /// An event of which nothing is known yet.
    #[must_use]
    pub fn new(kind: EventKind) -> Self {
        Self {
            time: Timestamp::UNIX_EPOCH,
            kind,
            address: None,
            port: None,
            session: None,
            client_id: None,
            token_id: None,
            client_type: None,
            subject: None,
            digest: None,
            code: None,
            count: None,
            reason: None,
        }
    }

    /// From this address.
    #[must_use]
    pub fn from(mut self, address: std::net::SocketAddr) -> Self {
        self.address = Some(address.ip().to_canonical());
        self.port = Some(address.port());
        self
    }

    /// In this session.
    #[must_use]
    pub fn session(mut self, session: u64) -> Self {
        self.session = Some(session);
        self
    }

    /// By the client that calls itself so.
    #[must_use]
    pub fn client(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// With the token of this id.
    #[must_use]
    pub fn token(mut self, token_id: impl Into<String>) -> Self {
        self.token_id = Some(token_id.into());
        self
    }

    /// By a client of this type.
    #[must_use]
    pub fn client_type(mut self, client_type: impl Into<String>) -> Self {
        self.client_type = Some(client_type.into());
        self
    }

    /// About this method, plugin or line.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Of the component with this digest.
    #[must_use]
    pub fn digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }

    /// With this close code.
    #[must_use]
    pub fn code(mut self, code: u16) -> Self {
        self.code = Some(code);
        self
    }

    /// So many times.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// For this reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

fn milliseconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}
