//! Text to calls, by the rules of <https://www.jsonrpc.org/specification>.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::number::with_integers;
use crate::tree::{Tree, members, tree};
use crate::{Refusal, Reply};

/// The longest batch that is taken.
pub const MAX_BATCH: usize = 32;

/// What the client calls its request by; the reply repeats it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Id {
    /// `null`: allowed in a request, and what a reply bears whose request could not be read.
    Null,
    /// A number as it was parsed.
    Number(Number),
    /// A text.
    Text(String),
}

/// A request, or a notification where `id` is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `None`: the client wants no reply, not even to an error.
    pub id: Option<Id>,
    /// The whole name, such as `mount.goto`.
    pub method: String,
    /// Empty where the client sent none. Whole numbers in them are integers, however they were written.
    pub params: Map<String, Value>,
}

/// One message of a client.
#[derive(Debug)]
pub enum Incoming {
    /// A single call, or what to answer to a text that is none.
    One(Result<Call, Option<Reply>>),
    /// A batch of 1 to [`MAX_BATCH`] elements in their order. The replies belong into one [`crate::batch_text`].
    ///
    /// An `Err` is the reply to an element that is no call; `Err(None)` is a notification with wrong params, to which the
    /// specification allows no reply. Either is to be counted like a call by whoever limits calls.
    Batch(Vec<Result<Call, Option<Reply>>>),
}

impl Call {
    /// Whether the client wants no reply.
    pub fn is_notification(&self) -> bool {
        self.id.is_none()
    }
}

impl Id {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Number(number) => Some(Self::Number(number.clone())),
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// As JSON text.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => Value::from(text.as_str()).fmt(f),
        }
    }
}

/// Reads one message. Never fails: what is no call comes back as the reply to it.
pub fn parse(text: &str) -> Incoming {
    if let Some(call) = plain(text) {
        return Incoming::One(Ok(call));
    }
    match tree(text) {
        Err(error) => whole_message_refused(Refusal::parse(&error)),
        Ok(Value::Array(elements)) if elements.is_empty() => {
            whole_message_refused(Refusal::invalid_request("a batch of no calls"))
        }
        Ok(Value::Array(elements)) if elements.len() > MAX_BATCH => whole_message_refused(
            Refusal::invalid_request(&format!("a batch of more than {MAX_BATCH} calls")),
        ),
        Ok(Value::Array(elements)) => Incoming::Batch(elements.into_iter().map(element).collect()),
        Ok(value) => Incoming::One(element(value)),
    }
}

/// A request as nearly all are, read without a tree of its members; none: whoever looks closer says what it is.
fn plain(text: &str) -> Option<Call> {
    let Plain {
        jsonrpc,
        id: Tree(id),
        method,
        params,
    } = serde_json::from_str(text).ok()?;
    let id = Id::from_value(&id)?;
    (jsonrpc == "2.0").then_some(Call {
        id: Some(id),
        method,
        params: with_integers(params),
    })
}

#[derive(Deserialize)]
struct Plain<'a> {
    jsonrpc: &'a str,
    id: Tree,
    method: String,
    #[serde(default, deserialize_with = "members")]
    params: Map<String, Value>,
}

fn whole_message_refused(refusal: Refusal) -> Incoming {
    Incoming::One(Err(Some(Reply::refused(Id::Null, refusal))))
}

fn element(value: Value) -> Result<Call, Option<Reply>> {
    let Value::Object(mut members) = value else {
        return Err(no_call(None, "a call is an object"));
    };
    let id = match members.get("id").map(Id::from_value) {
        None => None,
        Some(Some(id)) => Some(id),
        Some(None) => return Err(no_call(None, "`id` is a number, a text or null")),
    };
    if members.get("jsonrpc") != Some(&Value::from("2.0")) {
        return Err(no_call(id, "`jsonrpc` must be \"2.0\""));
    }
    let Some(Value::String(method)) = members.remove("method") else {
        return Err(no_call(id, "`method` must be a text"));
    };
    match members.remove("params") {
        None => Ok(Call {
            id,
            method,
            params: Map::new(),
        }),
        Some(Value::Object(params)) => Ok(Call {
            id,
            method,
            params: with_integers(params),
        }),
        Some(_) => {
            Err(id.map(|id| {
                Reply::refused(id, Refusal::invalid_params("params", "must be an object"))
            }))
        }
    }
}

/// Sent even without an id: what is no call is no notification either.
fn no_call(id: Option<Id>, why: &str) -> Option<Reply> {
    let id = id.unwrap_or(Id::Null);
    Some(Reply::refused(id, Refusal::invalid_request(why)))
}
