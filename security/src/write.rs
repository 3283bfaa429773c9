//! Replacing a file so that a reader, or a power cut, meets the old one or the new one and never
//! a part: a temporary file beside it, synced, renamed, and the directory synced.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::platform;

/// How long a writer waits for another one.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_LOOK: Duration = Duration::from_millis(10);

/// The right to replace a file; held by one process at a time, given back on drop.
pub(crate) struct WriteLock {
    path: PathBuf,
    _file: File,
}

impl WriteLock {
    /// Waits for the lock beside `path`: of kind `TimedOut` when another program keeps it.
    pub(crate) fn take(path: &Path) -> io::Result<Self> {
        let file = platform::create_private(&beside(path, ".lock"))?;
        let give_up = Instant::now() + LOCK_PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    return Ok(Self {
                        path: path.to_owned(),
                        _file: file,
                    });
                }
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => {
                    thread::sleep(LOCK_LOOK);
                }
                Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::TimedOut.into()),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Puts `text` in place of the file, for its owner alone.
    pub(crate) fn replace(&self, text: &[u8]) -> io::Result<()> {
        put(&self.path, text, Readers::Owner)
    }

    /// The same, where others may read it.
    pub(crate) fn replace_for_all(&self, text: &[u8]) -> io::Result<()> {
        put(&self.path, text, Readers::All)
    }
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    Owner,
    All,
}

/// Puts `text` in place of the file at `path`; where several programs may do so at once, with the lock.
pub(crate) fn put(path: &Path, text: &[u8], readers: Readers) -> io::Result<()> {
    let new = beside(path, ".new");
    // One left by a program that was killed: only the holder of the lock makes it.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = write_whole(&new, text, readers).and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        // The cause matters; the leftover is removed by the next writer at the latest.
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    platform::sync_directory(path.parent().unwrap_or(Path::new(".")))
}

fn write_whole(path: &Path, text: &[u8], readers: Readers) -> io::Result<()> {
    let mut file = platform::create_new_private(path)?;
    if readers == Readers::All {
        platform::make_readable(&file)?;
    }
    file.write_all(text)?;
    file.sync_all()
}

/// `api_tokens.json` -> `.api_tokens.json.lock`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(suffix);
    path.with_file_name(name)
}
