//! Why a call was not carried out: one constructor for each row of the table of errors in `docs/protocol.md`.

use std::fmt::Display;
use std::time::Duration;

use serde_json::{Value, json};

/// Characters of a sentence or of a reason that are sent; more is cut off, because clients and plugins have a say in them.
pub const MAX_TEXT: usize = 500;

/// Characters of a client's own text that a sentence quotes.
const MAX_QUOTED: usize = 64;

/// The kinds of refusals, each with its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// -32700: not JSON.
    Parse,
    /// -32600: JSON, but no call.
    InvalidRequest,
    /// -32601: no such method, or none that this client may know of.
    MethodNotFound,
    /// -32602: params that the method does not take.
    InvalidParams,
    /// -32603: a fault of a plugin or of the host.
    Internal,
    /// -32001: the policy says no.
    Denied,
    /// -32002: too many requests.
    RateLimited,
    /// -32003: the line is gone, silent, or garbled.
    Hardware,
    /// -32004: the mount, its state or a limit does not allow it.
    Refused,
    /// -32005: another client is in control.
    Controlled,
    /// -32006: a bounded queue is full.
    Busy,
    /// -32007: the plugin ran out of its time or memory, or kept failing and is quarantined.
    Exhausted,
    /// -32008: a stop came after this request.
    Stopped,
}

impl Code {
    /// The number on the wire.
    pub fn number(self) -> i64 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::Internal => -32603,
            Self::Denied => -32001,
            Self::RateLimited => -32002,
            Self::Hardware => -32003,
            Self::Refused => -32004,
            Self::Controlled => -32005,
            Self::Busy => -32006,
            Self::Exhausted => -32007,
            Self::Stopped => -32008,
        }
    }
}

/// Whether a call that failed at the hardware can have moved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing was written to the line.
    NotStarted,
    /// Something was: the hardware may have acted.
    Indeterminate,
}

/// Why a call was not carried out, once for the client and once for the log.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// The kind.
    pub code: Code,
    /// What the client reads.
    pub sentence: String,
    /// What the client's program reads, as the table of errors has it.
    pub data: Option<Value>,
    /// For the log; never sent.
    pub cause: String,
}

impl Refusal {
    /// The text is not JSON: where.
    pub fn parse(error: &serde_json::Error) -> Self {
        Self::new(Code::Parse, format!("Parse error: {error}"), None)
    }

    /// It is JSON, but no call: why.
    pub fn invalid_request(why: &str) -> Self {
        Self::new(
            Code::InvalidRequest,
            format!("Invalid Request: {why}"),
            None,
        )
    }

    /// There is no such method for this client.
    pub fn method_not_found(method: &str) -> Self {
        Self::new(
            Code::MethodNotFound,
            format!("Method not found: {}", cut(method, MAX_QUOTED)),
            None,
        )
    }

    /// A field that does not fit, such as `ra` or `lines.east`, and why.
    pub fn invalid_params(field: &str, why: impl Display) -> Self {
        let field = cut(field, MAX_QUOTED);
        let sentence = format!("Invalid params: {field}: {why}");
        Self::new(
            Code::InvalidParams,
            sentence,
            Some(json!({ "field": field })),
        )
    }

    /// A fault of a plugin or the host, logged under the name `incident`.
    pub fn internal(incident: impl Display, cause: impl Display) -> Self {
        let data = json!({ "incident": incident.to_string() });
        Self::new(Code::Internal, "Internal error".into(), Some(data)).because(cause)
    }

    /// The policy says no: the reason that it gives.
    pub fn denied(reason: &str, cause: impl Display) -> Self {
        let data = json!({ "reason": cut(reason, MAX_TEXT) });
        Self::new(Code::Denied, "permission denied".into(), Some(data)).because(cause)
    }

    /// More than `limit` requests a minute; the next one fits after `retry_after`.
    pub fn rate_limited(retry_after: Duration, limit: u32) -> Self {
        let data = json!({ "retry_after_ms": whole_millis(retry_after), "limit": limit });
        Self::new(Code::RateLimited, "Rate limit exceeded".into(), Some(data))
    }

    /// The hardware did not answer as it should: what happened, as the client should read it.
    pub fn hardware(outcome: Outcome, sentence: impl Into<String>, cause: impl Display) -> Self {
        let outcome = match outcome {
            Outcome::NotStarted => "not_started",
            Outcome::Indeterminate => "indeterminate",
        };
        Self::new(
            Code::Hardware,
            sentence.into(),
            Some(json!({ "outcome": outcome })),
        )
        .because(cause)
    }

    /// The mount, its state or a limit does not allow it: why, as the client should read it.
    pub fn refused(reason: &str) -> Self {
        let reason = cut(reason, MAX_TEXT);
        let data = json!({ "reason": reason });
        Self::new(Code::Refused, format!("refused: {reason}"), Some(data))
    }

    /// A limit of the site does not allow it: why, as the client should read it; the limit's name, its value and what was found.
    pub fn beyond(reason: &str, limit: &str, allowed: f64, found: f64) -> Self {
        let mut refusal = Self::refused(reason);
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        if let Some(data) = &mut refusal.data {
            data["limit"] = limit.into();
            data["allowed"] = tenth(allowed).into();
            data["found"] = tenth(found).into();
        }
        refusal
    }

    /// Another client is in control: the name of its token, and what it calls itself.
    pub fn controlled_by(holder: &str, client_id: &str) -> Self {
        let data =
            json!({ "holder": cut(holder, MAX_TEXT), "client_id": cut(client_id, MAX_TEXT) });
        Self::new(
            Code::Controlled,
            "controlled by another client".into(),
            Some(data),
        )
    }

    /// A bounded queue is full; worth another try after `retry_after`.
    pub fn busy(retry_after: Duration) -> Self {
        let data = json!({ "retry_after_ms": whole_millis(retry_after) });
        Self::new(Code::Busy, "busy".into(), Some(data))
    }

    /// The plugin ran out of its time or memory, logged under the name `incident`.
    pub fn exhausted(incident: impl Display, cause: impl Display) -> Self {
        let data = json!({ "incident": incident.to_string() });
        let sentence = "the plugin ran out of its time or memory";
        Self::new(Code::Exhausted, sentence.into(), Some(data)).because(cause)
    }

    /// The plugin kept failing and is not called until `retry_after` has passed. The failure that was one too many is logged under the
    /// name `incident`.
    pub fn quarantined(incident: &str, retry_after: Duration, cause: impl Display) -> Self {
        let data = json!({ "incident": incident, "retry_after_ms": whole_millis(retry_after) });
        let sentence = "the plugin keeps failing and is quarantined";
        Self::new(Code::Exhausted, sentence.into(), Some(data)).because(cause)
    }

    /// A stop came after this request: who or what stopped.
    pub fn stopped(by: &str) -> Self {
        let data = json!({ "by": cut(by, MAX_TEXT) });
        Self::new(Code::Stopped, "stopped".into(), Some(data))
    }

    /// The same refusal with what the log should say of it.
    #[must_use]
    pub fn because(mut self, cause: impl Display) -> Self {
        self.cause = cause.to_string();
        self
    }

    /// The error object of a reply.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code.number(), "message": self.sentence });
        if let Some(data) = &self.data {
            error["data"] = data.clone();
        }
        error
    }

    fn new(code: Code, sentence: String, data: Option<Value>) -> Self {
        Self {
            code,
            sentence: cut(&sentence, MAX_TEXT),
            data,
            cause: String::new(),
        }
    }
}

/// Rounded up, so that a client that waits this long has waited long enough.
fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
