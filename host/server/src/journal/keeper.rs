//! Files kept as they are wanted, by a thread of their own: who says what is wanted never waits for the disk.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a disk that fails is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Writes one file.
type Write = fn(&Path, &[u8]) -> io::Result<()>;

/// Told when the disk fails, and not again before it worked: which file, and why.
pub(crate) type Trouble = Arc<dyn Fn(&Path, &io::Error) + Send + Sync>;

/// See the module. The thread ends with it, after it has tried once to write everything.
pub(crate) struct Keeper(Arc<Shared>);

struct Shared {
    directory: PathBuf,
    files: Mutex<Files>,
    changed: Condvar,
}

#[derive(Default)]
struct Files {
    all: BTreeMap<String, Kept>,
    failing: bool,
    ended: bool,
}

/// One file.
#[derive(Clone, Default)]
struct Kept {
    /// None: it is to be away.
    wanted: Option<Vec<u8>>,
    /// How often that changed; and which of these is on the disk.
    version: u64,
    written: u64,
}

impl Keeper {
    pub(crate) fn start(
        name: &str,
        directory: PathBuf,
        write: Write,
        trouble: Trouble,
    ) -> io::Result<Keeper> {
        let shared = Arc::new(Shared {
            directory,
            files: Mutex::default(),
            changed: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || own.run(write, &trouble))?;
        Ok(Keeper(shared))
    }

    /// What the file is to hold; none where it is to be away. Returns at once, and the last word counts.
    pub(crate) fn want(&self, name: &str, contents: Option<Vec<u8>>) {
        let mut files = self.0.files();
        let kept = files.all.entry(name.to_owned()).or_default();
        if kept.version > 0 && kept.wanted == contents {
            return;
        }
        kept.wanted = contents;
        kept.version += 1;
        drop(files);
        self.0.changed.notify_all();
    }

    /// Waits until the file is as it is wanted: false where that takes longer, or the disk fails.
    pub(crate) fn is_written(&self, name: &str, patience: Duration) -> bool {
        let waits = |files: &mut Files| {
            let kept = files.all.get(name);
            !files.failing && kept.is_some_and(|kept| kept.written != kept.version)
        };
        self.wait_while(patience, waits)
    }

    /// The same for all files.
    pub(crate) fn all_written(&self, patience: Duration) -> bool {
        self.wait_while(patience, |files| !files.failing && files.due().is_some())
    }

    fn wait_while(&self, patience: Duration, mut waits: impl FnMut(&mut Files) -> bool) -> bool {
        let files = self.0.files();
        let waited = self
            .0
            .changed
            .wait_timeout_while(files, patience, &mut waits);
        let (mut files, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out() && !files.failing && !waits(&mut files)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.files().ended = true;
        self.0.changed.notify_all();
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper")
            .field("directory", &self.0.directory)
            .finish_non_exhaustive()
    }
}

impl Files {
    /// A file that is not as it is wanted.
    fn due(&self) -> Option<(String, Kept)> {
        let due = |(_, kept): &(&String, &Kept)| kept.written != kept.version;
        let (name, kept) = self.all.iter().find(due)?;
        Some((name.clone(), kept.clone()))
    }
}

impl Shared {
    fn run(&self, write: Write, trouble: &Trouble) {
        while let Some((name, kept)) = self.next() {
            let path = self.directory.join(&name);
            let done = match &kept.wanted {
                Some(contents) => write(&path, contents),
                None => remove(&path),
            };
            let failed_before = self.note(&name, kept.version, done.is_ok());
            if let Err(error) = done {
                if !failed_before {
                    trouble(&path, &error);
                }
                self.rest();
            }
        }
    }

    /// Waits for something to do. None: the keeper is gone, and everything is done or the disk fails.
    fn next(&self) -> Option<(String, Kept)> {
        let mut files = self.files();
        loop {
            match files.due() {
                Some(_) if files.ended && files.failing => return None,
                Some(due) => return Some(due),
                None if files.ended => return None,
                None => {
                    let waited = self.changed.wait(files);
                    files = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Whether the disk failed before.
    fn note(&self, name: &str, version: u64, done: bool) -> bool {
        let mut files = self.files();
        if let Some(kept) = files.all.get_mut(name).filter(|_| done) {
            kept.written = version;
        }
        let failed_before = std::mem::replace(&mut files.failing, !done);
        drop(files);
        self.changed.notify_all();
        failed_before
    }

    /// A disk that fails is not tried all the time.
    fn rest(&self) {
        let end = Instant::now() + RETRY;
        let mut files = self.files();
        while !files.ended && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            let waited = self.changed.wait_timeout(files, left);
            files = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use tempfile::TempDir;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    fn keeper(directory: &Path, troubles: Sender<String>) -> Keeper {
        let troubles = Mutex::new(troubles);
        let trouble = move |path: &Path, _: &io::Error| {
            let told = troubles.lock().unwrap();
            told.send(path.display().to_string()).unwrap();
        };
        let write: Write = |path, contents| fs::write(path, contents);
        Keeper::start("keeper", directory.to_owned(), write, Arc::new(trouble)).unwrap()
    }

    #[test]
    fn the_last_word_about_a_file_is_what_is_on_the_disk() {
        let directory = TempDir::new().unwrap();
        let keeper = keeper(directory.path(), channel().0);
        for round in 0..1_000_u32 {
            keeper.want("a", (round % 2 == 0).then(Vec::new));
            keeper.want("b", Some(round.to_string().into_bytes()));
        }
        assert!(keeper.is_written("a", DEADLINE) && keeper.all_written(DEADLINE));
        assert!(!directory.path().join("a").exists());
        assert_eq!(fs::read(directory.path().join("b")).unwrap(), b"999");
    }

    #[test]
    fn a_disk_that_fails_is_told_once_holds_nobody_up_and_is_used_when_it_works() {
        let directory = TempDir::new().unwrap();
        let missing = directory.path().join("missing");
        let (tell, told) = channel();
        let keeper = keeper(&missing, tell);
        keeper.want("a", Some(vec![]));
        assert!(!keeper.is_written("a", DEADLINE));
        let since = Instant::now();
        keeper.want("b", Some(vec![]));
        assert!(!keeper.is_written("b", DEADLINE));
        assert!(since.elapsed() < DEADLINE / 2, "nobody waits for it");
        fs::create_dir(&missing).unwrap();
        let both = || missing.join("a").exists() && missing.join("b").exists();
        while !both() {
            assert!(since.elapsed() < DEADLINE, "it is never tried again");
            thread::park_timeout(Duration::from_millis(10));
        }
        drop(keeper);
        assert_eq!(told.iter().count(), 1);
    }
}
