//! A stop without a host: the line's device is opened here, told to stop, and closed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use slewgate_serial::{Framing, Line, LineOptions, LineSettings, LineState, StopSequence, Tap};
use tokio::time::timeout;

use crate::bytes;
use crate::journal::{Record, address_of};

/// How long one line may take in all: to open its device, which is tried again and again, and to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it may take to close it.
const CLOSING: Duration = Duration::from_secs(3);

/// What became of one line.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) line: String,
    pub(crate) device: String,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

/// See [`Report`].
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The device took this, and answered so where an answer was expected.
    Stopped {
        sent: String,
        answer: Option<String>,
    },
    /// It was simulated by its host and ended with it.
    Simulated,
    /// Its plugin said that nothing on it has to be stopped, and nothing was left moving.
    Needless,
    /// It may be moving: why.
    Failed { error: String },
}

/// What passed on the line.
#[derive(Debug, Default)]
struct Passed(Mutex<(Vec<u8>, Vec<u8>)>);

impl Tap for Passed {
    fn sent(&self, bytes: &[u8], _by: &str) {
        self.both(|(sent, _)| sent.extend_from_slice(bytes));
    }

    fn received(&self, bytes: &[u8]) {
        // What it said before it was told anything is no answer.
        self.both(|(sent, heard)| {
            if !sent.is_empty() {
                heard.extend_from_slice(bytes);
            }
        });
    }

    /// What one that was open before was sent is sent again.
    fn opened(&self) {
        self.both(|both| *both = Default::default());
    }

    fn lost(&self, _how: &str) {}
}

impl Passed {
    fn both<T>(&self, look: impl FnOnce(&mut (Vec<u8>, Vec<u8>)) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Stops everything on a line. `marked`: a host left something moving on it. `beside`: also where a host that hangs has the device, if
/// the system allows that.
pub(crate) async fn stop(record: &Record, marked: bool, beside: bool) -> Report {
    let outcome = match record.is_simulated() {
        true => Outcome::Simulated,
        false if record.is_needless() && !marked => Outcome::Needless,
        false => try_stop(record, beside)
            .await
            .unwrap_or_else(|error| Outcome::Failed { error }),
    };
    Report {
        line: record.line.clone(),
        device: record.device.clone(),
        outcome,
    }
}

async fn try_stop(record: &Record, beside: bool) -> Result<Outcome, String> {
    let sequences = record.sequences()?;
    if sequences.is_empty() {
        return Err(format!(
            "nothing says how it is stopped: no plugin ever found its hardware, and there is no [lines.{}] stop",
            record.line
        ));
    }
    let passed = Arc::<Passed>::default();
    let settings = LineSettings {
        name: record.line.clone(),
        device: address_of(record)?,
        baud: record.baud,
        quiet: Duration::ZERO,
    };
    let options = LineOptions {
        tap: Some(passed.clone()),
        beside,
    };
    let line = Line::start_with(settings, options).map_err(|error| error.to_string())?;
    let done = timeout(PATIENCE, hand_over(&line, &sequences)).await;
    let how = line.state().borrow().clone();
    let (sent, heard) = passed.both(|both| both.clone());
    close(&line).await;
    match done {
        Ok(()) => judge(&sequences, &sent, &heard),
        Err(_) => Err(unfinished(how, &sent)),
    }
}

/// They are owed to the device until it has them, and go before all else.
async fn hand_over(line: &Line, sequences: &[StopSequence]) {
    for sequence in sequences {
        drop(line.stop(sequence));
    }
    // The line that owns the other end is held here.
    let _ = line.owing().wait_for(|owing| !owing).await;
}

/// Until it is closed, what was written last may not have left.
async fn close(line: &Line) {
    line.close();
    let mut state = line.state();
    let closed = state.wait_for(|state| *state == LineState::Closed);
    let _ = timeout(CLOSING, closed).await;
}

fn judge(sequences: &[StopSequence], sent: &[u8], heard: &[u8]) -> Result<Outcome, String> {
    let mut exchanges = sequences.iter().flat_map(|stop| &stop.exchanges);
    let answers = exchanges.any(|exchange| exchange.reply != Framing::None);
    let sent = bytes::to_text(sent);
    match (answers, heard) {
        (true, []) => Err(format!("it was sent {sent} and did not answer")),
        (_, []) => Ok(Outcome::Stopped { sent, answer: None }),
        (_, heard) => Ok(Outcome::Stopped {
            sent,
            answer: Some(bytes::to_text(heard)),
        }),
    }
}

fn unfinished(how: LineState, sent: &[u8]) -> String {
    match how {
        LineState::Connecting { error: Some(error) } => error,
        _ if sent.is_empty() => format!("it took no byte within {} s", PATIENCE.as_secs()),
        _ => format!("it was sent {} and did not answer", bytes::to_text(sent)),
    }
}
