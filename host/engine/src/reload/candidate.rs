//! A component's file, read whole.

use std::fmt;
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::regular;

/// The largest component, in bytes.
pub(crate) const MAX_COMPONENT: u64 = 64 * 1024 * 1024;

/// SHA-256 of a component's bytes; as text, 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Digest([u8; 32]);

/// Text that is no digest.
#[derive(Debug, thiserror::Error)]
#[error("a digest has 64 hexadecimal digits")]
pub(crate) struct NoDigest;

/// What can be seen of a file without reading it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sight {
    Absent,
    File {
        length: u64,
        modified: Option<SystemTime>,
    },
    /// It is there, and no component can be read from it: why.
    Unreadable(String),
}

/// What came of reading.
#[derive(Debug)]
pub(crate) enum Reading {
    Whole {
        bytes: Arc<[u8]>,
        digest: Digest,
        /// Of the open file that they are of.
        file: Box<Metadata>,
    },
    /// The file is not there.
    Absent,
    /// It changed while it was read.
    Unsettled,
}

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    pub(crate) fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl FromStr for Digest {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Digest, NoDigest> {
        let mut digest = [0; 32];
        if text.len() != 2 * digest.len() || !text.is_ascii() {
            return Err(NoDigest);
        }
        for (byte, at) in digest.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| NoDigest)?;
        }
        Ok(Digest(digest))
    }
}

impl TryFrom<String> for Digest {
    type Error = NoDigest;

    fn try_from(text: String) -> Result<Digest, NoDigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Look at a file. Blocks for as long as its file system does.
pub(crate) fn look(path: &Path) -> Sight {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Sight::File {
            length: found.len(),
            modified: found.modified().ok(),
        },
        Ok(_) => Sight::Unreadable("it is no regular file".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Sight::Absent,
        Err(error) => Sight::Unreadable(error.to_string()),
    }
}

/// Read a file whole. Blocks for as long as its file system does.
pub(crate) fn read(path: &Path) -> anyhow::Result<Reading> {
    let before = look(path);
    let length = match &before {
        Sight::Absent => return Ok(Reading::Absent),
        Sight::Unreadable(why) => anyhow::bail!("cannot read {}: {why}", path.display()),
        Sight::File { length, .. } => *length,
    };
    if length > MAX_COMPONENT {
        anyhow::bail!(
            "{} has {length} bytes; a component has at most {MAX_COMPONENT}",
            path.display()
        );
    }
    let mut bytes = Vec::new();
    let read = regular::open(path).and_then(|(file, found)| {
        file.take(MAX_COMPONENT + 1).read_to_end(&mut bytes)?;
        Ok(found)
    });
    let file = read.with_context(|| format!("cannot read {}", path.display()))?;
    if look(path) != before || bytes.len() as u64 != length {
        return Ok(Reading::Unsettled);
    }
    let digest = Digest::of(&bytes);
    Ok(Reading::Whole {
        bytes: bytes.into(),
        digest,
        file: Box::new(file),
    })
}
