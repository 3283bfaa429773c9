//! The set in force, kept in step with the file.
//!
//! The directory is watched and not the file, because editors replace files; and the file is read
//! again every second anyway, because watches are lost. A file that cannot be used leaves the last
//! good set in force.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::watch;

use super::file::TokenFile;
use super::file_error::TokenFileError;
use super::set::TokenSet;
use crate::log::{EventKind, SecurityEvent};

/// How often the file is looked at without being told to.
const LOOK: Duration = Duration::from_secs(1);
/// Editors write in several steps: this long without a change, and the file is read.
const SETTLE: Duration = Duration::from_millis(100);
/// Lines that one change of the file may put into the log.
const MAX_EVENTS: usize = 32;

/// Owns the set in force; the watching ends when it is dropped.
pub struct TokenStore {
    tokens: watch::Receiver<Arc<TokenSet>>,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    // Kept for its drop.
    _watcher: Option<RecommendedWatcher>,
}

/// What became of the file.
#[derive(Debug)]
pub enum TokenNews {
    /// A new set is in force.
    Loaded {
        /// How many tokens it has.
        tokens: usize,
        /// Ids that were not in the set before; empty at the start.
        added: Vec<String>,
        /// Ids that are no longer in it.
        removed: Vec<String>,
        /// Bad entries, named.
        problems: Vec<String>,
    },
    /// At the start there is no file: nobody is admitted until there is one.
    Missing(PathBuf),
    /// The file cannot be used; the set stays what it was.
    Failed(TokenFileError),
    /// Changes are noticed by looking every second only.
    Unwatched(String),
}

/// What the thread needs.
struct Keeper<F> {
    file: TokenFile,
    tokens: watch::Sender<Arc<TokenSet>>,
    hook: F,
    seen: Option<Seen>,
}

/// What the last look at the file found, so that the same is not said twice.
#[derive(PartialEq)]
enum Seen {
    Text([u8; 32]),
    Error(String),
}

impl TokenStore {
    /// Reads the file and keeps watching it. `hook` hears what becomes of it, at first on the
    /// caller's thread and before this returns, later on the store's own.
    ///
    /// # Errors
    /// When the system gives no thread. A file that is missing or broken is no error: the set is
    /// empty then, and the hook is told.
    pub fn start(
        path: impl Into<PathBuf>,
        hook: impl Fn(TokenNews) + Send + 'static,
    ) -> io::Result<Self> {
        let file = TokenFile::new(path);
        let (wake, woken) = sync_channel(1);
        // Watched before it is read: a change in between is noticed.
        let watcher = match watch_directory(file.path(), wake.clone()) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                hook(TokenNews::Unwatched(error.to_string()));
                None
            }
        };
        let (sender, tokens) = watch::channel(Arc::default());
        let mut keeper = Keeper {
            file,
            tokens: sender,
            hook,
            seen: None,
        };
        keeper.look();
        let body = move || keeper.run(&woken);
        let thread = thread::Builder::new().name("tokens".into()).spawn(body)?;
        Ok(Self {
            tokens,
            wake: Some(wake),
            thread: Some(thread),
            _watcher: watcher,
        })
    }

    /// The set in force, and every one after it.
    #[must_use]
    pub fn tokens(&self) -> watch::Receiver<Arc<TokenSet>> {
        self.tokens.clone()
    }

    /// The set in force.
    #[must_use]
    pub fn current(&self) -> Arc<TokenSet> {
        self.tokens.borrow().clone()
    }

    /// Has the file looked at now, without waiting for it.
    pub fn reload(&self) {
        // A full channel means that it is about to be looked at.
        let _ = self.wake.as_ref().map(|wake| wake.try_send(()));
    }
}

impl Drop for TokenStore {
    fn drop(&mut self) {
        // The thread ends when nobody can wake it: the watcher first, it holds a sender too.
        self._watcher = None;
        self.wake = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl TokenNews {
    /// Its lines for the security log.
    #[must_use]
    pub fn events(&self) -> Vec<SecurityEvent> {
        let change = || SecurityEvent::new(EventKind::TokenChange);
        match self {
            Self::Loaded {
                tokens,
                added,
                removed,
                problems,
            } => {
                let mut events = vec![change().reason(format!("{tokens} tokens in force"))];
                events.extend(added.iter().map(|id| change().token(id).reason("added")));
                events.extend(
                    removed
                        .iter()
                        .map(|id| change().token(id).reason("removed")),
                );
                events.extend(problems.iter().map(|problem| change().reason(problem)));
                shorten(events)
            }
            Self::Missing(_) | Self::Unwatched(_) => self
                .trouble()
                .map(|why| change().reason(why))
                .into_iter()
                .collect(),
            Self::Failed(_) => {
                let alarm = |why| SecurityEvent::new(EventKind::Alarm).reason(why);
                self.trouble().map(alarm).into_iter().collect()
            }
        }
    }

    /// What somebody should look after, in words.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Loaded { .. } => None,
            Self::Missing(path) => Some(format!(
                "there is no {}: nobody is admitted",
                path.display()
            )),
            Self::Failed(error) => Some(format!("the tokens stay as they were: {error}")),
            Self::Unwatched(why) => Some(format!("the tokens are looked at every second: {why}")),
        }
    }
}

impl<F: Fn(TokenNews)> Keeper<F> {
    fn run(mut self, woken: &Receiver<()>) {
        loop {
            match woken.recv_timeout(LOOK) {
                Ok(()) => settle(woken),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.look();
        }
    }

    /// Acts on the file if it says something else than before.
    fn look(&mut self) {
        let mut found = self.changed();
        if self.seen.is_some() && matches!(found, Some((_, Err(_)))) {
            // An editor may be half-way through: what cannot be used is looked at twice.
            thread::sleep(SETTLE);
            found = self.changed();
        }
        let Some((seen, set)) = found else { return };
        let first = self.seen.replace(seen).is_none();
        match set {
            Ok(set) => self.publish(set, first),
            Err(TokenFileError::Missing(path)) if first => (self.hook)(TokenNews::Missing(path)),
            Err(error) => (self.hook)(TokenNews::Failed(error)),
        }
    }

    /// What the file holds, if that is not what was seen before.
    fn changed(&self) -> Option<(Seen, Result<TokenSet, TokenFileError>)> {
        let text = self.file.read_text();
        let put_right = text.as_ref().is_ok_and(|text| text.problem.is_some());
        let seen = match &text {
            Ok(text) => Seen::Text(text.hash()),
            Err(error) => Seen::Error(error.to_string()),
        };
        let news = put_right || self.seen.as_ref() != Some(&seen);
        news.then(|| (seen, text.and_then(|text| self.file.parse(&text))))
    }

    fn publish(&self, set: TokenSet, first: bool) {
        let set = Arc::new(set);
        let before = self.tokens.send_replace(set.clone());
        let added = if first {
            Vec::new()
        } else {
            ids_only_in(&set, &before)
        };
        (self.hook)(TokenNews::Loaded {
            tokens: set.list().len(),
            added,
            removed: ids_only_in(&before, &set),
            problems: set.problems().to_vec(),
        });
    }
}

/// Waits until nothing has happened for a while, but not for ever.
fn settle(woken: &Receiver<()>) {
    for _ in 0..5 {
        if woken.recv_timeout(SETTLE).is_err() {
            return;
        }
    }
}

fn watch_directory(path: &Path, wake: SyncSender<()>) -> notify::Result<RecommendedWatcher> {
    let name = path.file_name().map(OsStr::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let ours = event.is_ok_and(|event| {
            !event.kind.is_access()
                && event
                    .paths
                    .iter()
                    .any(|path| path.file_name() == name.as_deref())
        });
        if ours {
            // A full channel means that it is about to be looked at.
            let _ = wake.try_send(());
        }
    })?;
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    watcher.watch(
        directory.unwrap_or(Path::new(".")),
        RecursiveMode::NonRecursive,
    )?;
    Ok(watcher)
}

fn ids_only_in(set: &TokenSet, other: &TokenSet) -> Vec<String> {
    let ids = set.list().iter().map(|record| &record.id);
    ids.filter(|id| other.get(id).is_none()).cloned().collect()
}

fn shorten(mut events: Vec<SecurityEvent>) -> Vec<SecurityEvent> {
    if events.len() > MAX_EVENTS {
        let more = events.len() - (MAX_EVENTS - 1);
        events.truncate(MAX_EVENTS - 1);
        let last = SecurityEvent::new(EventKind::TokenChange);
        events.push(last.reason(format!("and {more} more of these")));
    }
    events
}
