//! What ties each line to the one before it: its place, and the SHA-256 of the line that it follows.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use serde::{Deserialize, Serialize, Serializer};

use super::event::SecurityEvent;
use super::files::LONGEST_LINE;
use crate::trust::Digest;

/// A line that was written, as the next one refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Which line of the log it is, from 1, over all of its files.
    pub sequence: u64,
    /// SHA-256 of its text, without the end of the line.
    pub digest: Digest,
}

/// What each line says of its place, beside its event.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Place {
    pub(super) sequence: u64,
    pub(super) previous: String,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    event: &'a SecurityEvent,
    sequence: u64,
    #[serde(serialize_with = "digits")]
    previous: Digest,
}

/// How a file ends.
pub(super) struct End {
    /// Bytes of its whole lines; what follows them lacks its end.
    pub(super) whole: u64,
    /// Its last whole line.
    pub(super) last: Last,
}

/// The last line of a file.
pub(super) enum Last {
    /// There is none.
    None,
    /// One of the log.
    Line(Link),
    /// Something else.
    Foreign(Digest),
}

impl Link {
    /// What the first line of a log follows.
    pub const NONE: Self = Self {
        sequence: 0,
        digest: Digest([0; 32]),
    };

    /// The line with this event that follows, as it is written, and what refers to it.
    pub(super) fn next(self, event: &SecurityEvent) -> io::Result<(Vec<u8>, Self)> {
        let sequence = self.sequence + 1;
        let line = Line {
            event,
            sequence,
            previous: self.digest,
        };
        let mut text = serde_json::to_vec(&line)?;
        let digest = Digest::of(&text);
        text.push(b'\n');
        Ok((text, Self { sequence, digest }))
    }

    /// Of a line as it stands in a file, without its end. No log begins with line 0, or gets as far as the last number.
    pub(super) fn of(line: &[u8]) -> Option<(Self, Place)> {
        let place: Place = serde_json::from_slice(line).ok()?;
        if !(1..u64::MAX).contains(&place.sequence) {
            return None;
        }
        let link = Self {
            sequence: place.sequence,
            digest: Digest::of(line),
        };
        Some((link, place))
    }
}

impl End {
    /// Reads no more than the last lines.
    pub(super) fn read(file: &mut File) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        let start = length.saturating_sub(LONGEST_LINE);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.take(LONGEST_LINE).read_to_end(&mut tail)?;
        let end = tail.iter().rposition(|&byte| byte == b'\n');
        let Some(end) = end else {
            return Ok(match start {
                0 => Self {
                    whole: 0,
                    last: Last::None,
                },
                _ => Self {
                    whole: length,
                    last: Last::Foreign(Digest::of(&tail)),
                },
            });
        };
        let mut lines = tail[..end].rsplit(|&byte| byte == b'\n');
        let line = lines.next().unwrap_or_default();
        let last = Link::of(line).map(|(link, _)| Last::Line(link));
        Ok(Self {
            whole: start + end as u64 + 1,
            last: last.unwrap_or_else(|| Last::Foreign(Digest::of(line))),
        })
    }
}

fn digits<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}
