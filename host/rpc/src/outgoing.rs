//! Replies and events to text.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::{Id, Refusal};

/// The answer to one request.
#[derive(Debug)]
pub struct Reply {
    /// The request's.
    pub id: Id,
    /// The result as JSON, or why there is none.
    pub outcome: Result<Box<RawValue>, Refusal>,
}

impl Reply {
    /// A request that was carried out.
    pub fn done(id: Id, result: Box<RawValue>) -> Self {
        Self {
            id,
            outcome: Ok(result),
        }
    }

    /// A request that was not, or not known to be.
    pub fn refused(id: Id, refusal: Refusal) -> Self {
        Self {
            id,
            outcome: Err(refusal),
        }
    }

    /// The message to send. It holds nothing of the refusal's `cause`.
    pub fn to_text(&self) -> String {
        let id = &self.id;
        match &self.outcome {
            Ok(result) => {
                let id = id.to_string();
                let result = result.get();
                // Results are long, and of known length.
                let mut text = String::with_capacity(40 + id.len() + result.len());
                for part in [
                    r#"{"jsonrpc":"2.0","id":"#,
                    &id,
                    r#","result":"#,
                    result,
                    "}",
                ] {
                    text.push_str(part);
                }
                text
            }
            Err(refusal) => {
                let refusal = refusal.to_json();
                format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{refusal}}}"#)
            }
        }
    }
}

/// The message that answers a batch; `None` where there is nothing to say, because all its calls were notifications.
pub fn batch_text(replies: &[Reply]) -> Option<String> {
    let texts: Vec<_> = replies.iter().map(Reply::to_text).collect();
    (!texts.is_empty()).then(|| format!("[{}]", texts.join(",")))
}

/// The notification that tells a subscriber news; `seq` counts them on this topic.
pub fn event_text(topic: &str, seq: u64, data: &RawValue) -> String {
    let topic = Value::from(topic);
    format!(
        r#"{{"jsonrpc":"2.0","method":"event","params":{{"topic":{topic},"seq":{seq},"data":{data}}}}}"#
    )
}
