//! What a transcript says: JSON, one object a line. The first names the version and the line; the others are bytes, to the
//! device (`out`) or from it (`in`), and events, each with the milliseconds since it began.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// Requests with what followed each, in their order.
#[derive(Clone, Debug)]
pub struct Recording {
    line: String,
    pub(super) turns: Vec<Turn>,
}

/// A request and what came back before the next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn {
    /// Where it stands in the file, from 1. The first turn is what came before any request, and has none.
    pub(super) number: usize,
    pub(super) request: Vec<u8>,
    /// Each with the time since the request.
    pub(super) replies: Vec<(Duration, Vec<u8>)>,
}

/// Why a file cannot be played.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// The file is not there, or is no text.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file has another version than this program knows.
    #[error("{} is a transcript of version {version}; this program plays version 1", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// A line is not what it should be.
    #[error("{}:{number}: {cause}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        number: usize,
        /// What is wrong.
        cause: String,
    },
    /// Nothing was sent.
    #[error("{} records no request, so there is nothing to answer", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

#[derive(Deserialize)]
struct Header {
    transcript: u64,
    #[serde(default)]
    line: String,
}

#[derive(Deserialize)]
struct Entry {
    at_ms: f64,
    dir: Option<Direction>,
    bytes: Option<String>,
    event: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Out,
    In,
}

/// What is known while a file is read.
struct Reading {
    turns: Vec<Turn>,
    /// When the newest request was sent.
    asked: f64,
}

const VERSION: u64 = 1;

/// A transcript has times of less than this many milliseconds: a thousand years.
const LONGEST_MS: f64 = 3.2e13;

impl Recording {
    /// Reads a transcript. Fields that it does not know it leaves alone, and events, which are nobody's request.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, has another version, a line that is broken, or no request.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        let unreadable = |source| RecordingError::Read {
            path: path.to_owned(),
            source,
        };
        let file = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut lines = file.lines();
        let first = lines.next().transpose().map_err(unreadable)?;
        let header = header(path, &first.unwrap_or_default())?;
        let mut reading = Reading {
            turns: vec![Turn::default()],
            asked: 0.0,
        };
        for (line, number) in lines.zip(2..) {
            let taken = reading.take(number, &line.map_err(unreadable)?);
            taken.map_err(|cause| broken(path, number, cause))?;
        }
        if reading.turns.len() == 1 {
            let path = path.to_owned();
            return Err(RecordingError::Empty { path });
        }
        Ok(Self {
            line: header.line,
            turns: reading.turns,
        })
    }

    /// The name of the line that was recorded; empty where the transcript does not say it.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Each request with all that came back before the next one, as a [`Script`](crate::Script) has it.
    pub fn exchanges(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        let turns = self.turns.iter().skip(1);
        turns.map(|turn| {
            let replies = turn.replies.iter().flat_map(|(_, bytes)| bytes);
            (turn.request.clone(), replies.copied().collect())
        })
    }

    /// How many requests it has.
    pub fn requests(&self) -> usize {
        self.turns.len() - 1
    }
}

fn header(path: &Path, line: &str) -> Result<Header, RecordingError> {
    let header: Header = json(line).map_err(|cause| {
        let cause = format!("this is not the first line of a transcript: {cause}");
        broken(path, 1, cause)
    })?;
    match header.transcript {
        VERSION => Ok(header),
        version => Err(RecordingError::Version {
            path: path.to_owned(),
            version,
        }),
    }
}

fn broken(path: &Path, number: usize, cause: String) -> RecordingError {
    RecordingError::Line {
        path: path.to_owned(),
        number,
        cause,
    }
}

/// The column is left in and the line, which is always the first, out.
fn json<T: DeserializeOwned>(line: &str) -> Result<T, String> {
    serde_json::from_str(line).map_err(|error| error.to_string().replace("line 1 column", "column"))
}

impl Reading {
    fn take(&mut self, number: usize, line: &str) -> Result<(), String> {
        let entry: Entry = json(line)?;
        if !(0.0..LONGEST_MS).contains(&entry.at_ms) {
            return Err(format!(
                "at_ms is no time since the beginning: {}",
                entry.at_ms
            ));
        }
        match (entry.dir, entry.bytes, entry.event) {
            (Some(dir), Some(bytes), None) => {
                let bytes =
                    unhex(&bytes).ok_or_else(|| format!("bytes is not hexadecimal: {bytes:?}"))?;
                self.pass(number, dir, entry.at_ms, bytes);
                Ok(())
            }
            (None, None, Some(_)) => Ok(()),
            _ => Err("it has neither dir and bytes, nor an event alone".to_owned()),
        }
    }

    fn pass(&mut self, number: usize, dir: Direction, at: f64, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        if dir == Direction::Out {
            self.asked = at;
            self.turns.push(Turn {
                number,
                request: bytes,
                replies: Vec::new(),
            });
        } else if let Some(turn) = self.turns.last_mut() {
            let later = (at - self.asked).max(0.0);
            turn.replies
                .push((Duration::from_secs_f64(later / 1e3), bytes));
        }
    }
}

/// The bytes that pairs of hexadecimal digits stand for.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
