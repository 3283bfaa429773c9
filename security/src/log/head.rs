//! `log.head`: up to where the log went, as of a moment ago, so that an end that was cut off is missed.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::Link;
use super::files;
use crate::read::read_regular;
use crate::write::{Readers, put};

/// The longest file that is read.
const MOST: u64 = 4 * 1024;

/// What `log.head` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The last line.
    pub last: Link,
    /// The sequence of the first line that the host kept.
    pub first: u64,
}

#[derive(Serialize, Deserialize)]
struct Text {
    time: String,
    count: u64,
    head: String,
    first: u64,
}

impl Head {
    /// That of the log at `path`; none where there is no such file.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let bytes = match read_regular(&files::head(path), MOST) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let text: Text = serde_json::from_slice(&bytes)?;
        let digest = text.head.parse();
        let digest = digest.map_err(|()| io::Error::other("`head` is no SHA-256"))?;
        let last = Link {
            sequence: text.count,
            digest,
        };
        let first = text.first;
        Ok(Some(Self { last, first }))
    }

    pub(super) fn write(&self, path: &Path, time: Timestamp) -> io::Result<()> {
        let text = Text {
            time: format!("{time:.3}"),
            count: self.last.sequence,
            head: self.last.digest.to_string(),
            first: self.first,
        };
        let mut bytes = serde_json::to_vec(&text)?;
        bytes.push(b'\n');
        put(&files::head(path), &bytes, Readers::Owner)
    }
}
