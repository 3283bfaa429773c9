//! `log.counted`: how much was counted and is not told yet, so that a host that is killed loses no more of it than of what it wrote.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::event::{EventKind, SecurityEvent};
use super::files;
use crate::read::read_regular;
use crate::write::{Readers, put};

/// The longest file that is read.
const MOST: u64 = 4 * 1024;

/// Events that were counted, of each kind.
pub(super) type Counted = BTreeMap<EventKind, u64>;

/// That of the log at `path`, as the host left it that wrote it; nothing where there is no such file.
///
/// # Errors
/// It cannot be read, or is none.
pub(super) fn read(path: &Path) -> io::Result<Counted> {
    match read_regular(&files::counted(path), MOST) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Counted::new()),
        Err(error) => Err(error),
    }
}

/// Without anything to tell there is no file.
pub(super) fn write(path: &Path, counted: &Counted) -> io::Result<()> {
    let path = files::counted(path);
    if counted.is_empty() {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let mut bytes = serde_json::to_vec(counted)?;
    bytes.push(b'\n');
    put(&path, &bytes, Readers::Owner)
}

/// What is told of one kind by the host that comes after.
pub(super) fn told_late(kind: EventKind, count: u64) -> SecurityEvent {
    let reason = "counted by a host that ended before it told of which sources and causes";
    SecurityEvent::new(kind).count(count).reason(reason)
}
