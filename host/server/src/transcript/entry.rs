//! One line of a transcript.

use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};

/// What passed, and how many entries before it are missing.
pub(super) struct Entry {
    pub(super) at: Instant,
    pub(super) lost: u64,
    pub(super) what: What,
}

pub(super) enum What {
    /// With whose they are.
    Sent(Vec<u8>, String),
    Received(Vec<u8>),
    Opened,
    /// How.
    Lost(String),
}

/// The first line of a file.
#[derive(Serialize)]
pub(super) struct Head<'a> {
    /// The version of the form.
    pub(super) transcript: u32,
    pub(super) line: &'a str,
    pub(super) device: &'a str,
    pub(super) baud: u32,
    /// What `at_ms` counts from, RFC 3339.
    pub(super) began: String,
}

impl Entry {
    /// Its lines, with times since the file began.
    pub(super) fn to_lines(&self, began: Instant) -> Vec<Value> {
        let at_ms = milliseconds(began, self.at);
        let gap =
            (self.lost > 0).then(|| json!({ "at_ms": at_ms, "event": "gap", "count": self.lost }));
        gap.into_iter().chain([self.line(at_ms)]).collect()
    }

    fn line(&self, at_ms: f64) -> Value {
        match &self.what {
            What::Sent(bytes, by) => json!({
                "at_ms": at_ms, "dir": "out", "bytes": hexadecimal(bytes), "text": printable(bytes), "by": by,
            }),
            What::Received(bytes) => json!({
                "at_ms": at_ms, "dir": "in", "bytes": hexadecimal(bytes), "text": printable(bytes),
            }),
            What::Opened => json!({ "at_ms": at_ms, "event": "opened" }),
            What::Lost(how) => json!({ "at_ms": at_ms, "event": "lost", "how": how }),
        }
    }
}

/// To the microsecond.
fn milliseconds(from: Instant, to: Instant) -> f64 {
    let passed = to.saturating_duration_since(from).as_secs_f64();
    (passed * 1e6).round() / 1e3
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// For people: what is not printable is a dot.
fn printable(bytes: &[u8]) -> String {
    let shown = bytes.iter().map(|byte| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '.',
    });
    shown.collect()
}
