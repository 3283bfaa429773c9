//! What a process that was killed left half written in the cache is removed, once nobody else uses it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// What wasmtime's names of files that are being written end with: this, and what is written.
const UNFINISHED: &str = "wip-";

/// How wasmtime's mark begins that it looked for old files. It is no file that is being written, and would be there for an hour.
const MARK: &str = ".cleanup.";

/// How long who starts waits for a process that writes: that of a host which was killed a moment ago ends, too.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(10);

/// Directories below the cache in which something is written.
const DEPTH: usize = 2;

/// Says that a process uses the cache, for as long as this is kept.
#[derive(Debug)]
pub(super) struct Lodger {
    _lock: Option<File>,
}

impl Lodger {
    /// Of a cache that others use, too.
    pub(super) fn join(home: &Path) -> Lodger {
        let lock = File::open(home).ok();
        // Where a file system has no locks, what is left half written is left to wasmtime, which removes it after an hour.
        let lock = lock.filter(|lock| lock.lock_shared().is_ok());
        Lodger { _lock: lock }
    }

    /// The same, of one who may be the first: then what is half written will never be whole.
    pub(super) fn tidy(home: &Path) -> Lodger {
        if let Ok(lock) = File::open(home)
            && is_alone(&lock, home)
        {
            for path in unfinished(home) {
                if let Err(error) = fs::remove_file(&path) {
                    tracing::warn!(path = %path.display(), %error, "a file that was left half written stays");
                }
            }
        }
        Lodger::join(home)
    }
}

fn is_alone(lock: &File, home: &Path) -> bool {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) if Instant::now() < give_up && is_written(home) => {
                thread::sleep(LOOK);
            }
            Err(_) => return false,
        }
    }
}

fn is_written(home: &Path) -> bool {
    let is_mark = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(MARK))
    };
    !unfinished(home).iter().all(is_mark)
}

/// Every file that is being written.
fn unfinished(home: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![(home.to_owned(), 0)];
    while let Some((directory, depth)) = directories.pop() {
        // What goes while this looks is not there.
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            if kind.is_ok_and(|kind| kind.is_dir()) {
                directories.extend((depth < DEPTH).then_some((path, depth + 1)));
            } else if is_unfinished(&path) {
                found.push(path);
            }
        }
    }
    found
}

fn is_unfinished(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ending.starts_with(UNFINISHED))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What wasmtime leaves: an entry, its statistics, and what is half written of each.
    fn cache() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let modules = home.path().join("modules/wasmtime-1.0.0");
        fs::create_dir_all(&modules).unwrap();
        for name in [
            "entry",
            "entry.stats",
            "another.wip-atomic-write-mod",
            "entry.wip-atomic-write-stats",
            "entry.wip-4711",
        ] {
            fs::write(modules.join(name), "code").unwrap();
        }
        fs::write(home.path().join(".cleanup.wip-4711"), "").unwrap();
        home
    }

    fn left(home: &tempfile::TempDir) -> usize {
        unfinished(home.path()).len()
    }

    #[test]
    fn what_was_left_half_written_is_removed_and_what_is_whole_is_kept() {
        let home = cache();
        assert_eq!(left(&home), 4);
        let lodger = Lodger::tidy(home.path());
        assert_eq!(left(&home), 0);
        for whole in ["entry", "entry.stats"] {
            let whole = home.path().join("modules/wasmtime-1.0.0").join(whole);
            assert!(whole.exists());
        }
        drop(lodger);
    }

    #[test]
    fn what_somebody_else_may_still_write_is_left_until_they_have_ended() {
        let home = cache();
        let other = Lodger::join(home.path());
        let lodger = Lodger::tidy(home.path());
        assert_eq!(left(&home), 4);
        drop((lodger, other));
        let other = Lodger::join(home.path());
        thread::scope(|scope| {
            scope.spawn(|| Lodger::tidy(home.path()));
            // It dies.
            drop(other);
        });
        assert_eq!(left(&home), 0);
    }
}
