//! Hears that something changed in the directories of plugins.
//!
//! The directories are watched and not the files, because editors rename; and the directories above them too, because
//! directories are renamed as well, or are made only later. All of it is but a hint: the task compares contents.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::disk::Directories;
use super::report::PluginKind;
use super::slot::ComponentFile;

/// How many changed files are told one by one; more are told as everything.
const MAX_FILES: usize = 256;

/// What may have changed since it was last asked.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Changes {
    /// Any file may have: some news was lost.
    pub(crate) everything: bool,
    /// A directory came, went or was replaced: it is to be watched anew.
    pub(crate) lost: bool,
    /// These files.
    pub(crate) files: BTreeSet<ComponentFile>,
}

/// Collects changes until they are asked for: however many there are, it stays small.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    changes: Mutex<Changes>,
    wake: Notify,
}

/// Watches the directories of plugins.
#[derive(Debug)]
pub(crate) struct Watch {
    directories: Directories,
    /// A file that says which components may run.
    list: Option<PathBuf>,
    signal: Arc<Signal>,
    watcher: Option<RecommendedWatcher>,
    complete: bool,
}

impl Signal {
    pub(crate) fn file(&self, file: ComponentFile) {
        let mut changes = self.lock();
        match changes.files.len() < MAX_FILES {
            true => _ = changes.files.insert(file),
            false => changes.everything = true,
        }
        drop(changes);
        self.wake.notify_one();
    }

    /// News was lost.
    pub(crate) fn overflow(&self) {
        self.lock().everything = true;
        self.wake.notify_one();
    }

    /// A directory is no longer, or not yet, the one that is watched.
    pub(crate) fn lost(&self) {
        self.lock().lost = true;
        self.overflow();
    }

    /// Waits until there is something, and takes it.
    pub(crate) async fn changes(&self) -> Changes {
        loop {
            let changes = std::mem::take(&mut *self.lock());
            if changes != Changes::default() {
                return changes;
            }
            self.wake.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Watches nothing until [`Watch::arm`].
    pub(crate) fn new(directories: Directories) -> Watch {
        Watch {
            directories,
            list: None,
            signal: Arc::default(),
            watcher: None,
            complete: false,
        }
    }

    /// A change of this file, if there is one, may be one of any component.
    pub(crate) fn hearing_of(self, list: Option<&Path>) -> Watch {
        let list = list.map(Path::to_owned);
        Watch { list, ..self }
    }

    pub(crate) fn signal(&self) -> Arc<Signal> {
        Arc::clone(&self.signal)
    }

    /// Whether news can be relied on, as far as one can tell.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Begin anew: who calls compares everything afterwards. Where watching is not possible the log says so, and only
    /// the comparing now and then is left.
    pub(crate) fn arm(&mut self) {
        self.watcher = None;
        let armed = self.watcher();
        self.complete = armed.is_ok();
        match armed {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => {
                tracing::warn!(%error, "cannot watch the directories of plugins; changes are found at the next comparison");
            }
        }
    }

    fn watcher(&self) -> notify::Result<RecommendedWatcher> {
        let homes = [PluginKind::Handler, PluginKind::Policy]
            .map(|kind| (kind, real(self.directories.of(kind))));
        let list = self.list.as_deref().map(real);
        let signal = self.signal();
        let (heard_at, heard_of) = (homes.clone(), list.clone());
        let mut watcher = notify::recommended_watcher(move |event| {
            hear(event, &heard_at, heard_of.as_deref(), &signal);
        })?;
        let named = homes.iter().map(|(_, home)| home).chain(&list);
        let above: BTreeSet<&Path> = named.filter_map(|path| path.parent()).collect();
        for directory in above {
            watcher.watch(directory, RecursiveMode::NonRecursive)?;
        }
        for (_, home) in &homes {
            match watcher.watch(home, RecursiveMode::NonRecursive) {
                Err(error) if home.exists() => return Err(error),
                // The directory above tells when it is there.
                _ => {}
            }
        }
        Ok(watcher)
    }
}

fn hear(
    event: notify::Result<Event>,
    homes: &[(PluginKind, PathBuf)],
    list: Option<&Path>,
    signal: &Signal,
) {
    let event = match event {
        Ok(event) if event.need_rescan() => return signal.overflow(),
        Ok(event) => event,
        Err(_) => return signal.lost(),
    };
    // Reading is no change, and we read ourselves.
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    if matches!(event.kind, EventKind::Access(_)) && event.kind != written {
        return;
    }
    for path in &event.paths {
        if list == Some(path) {
            signal.overflow();
        }
        if homes.iter().any(|(_, home)| home == path) {
            signal.lost();
        }
        let inside = homes
            .iter()
            .filter(|(_, home)| path.parent() == Some(home.as_path()));
        for (kind, _) in inside {
            if let Some(file) = path
                .file_name()
                .and_then(|name| ComponentFile::new(*kind, name))
            {
                signal.file(file);
            }
        }
    }
}

/// The directory as the system names it in its news: links above it resolved, itself left as it is, as it may be replaced.
fn real(directory: &Path) -> PathBuf {
    let above = match directory.parent() {
        Some(above) if above != Path::new("") => above,
        _ => Path::new("."),
    };
    match (fs::canonicalize(above), directory.file_name()) {
        (Ok(above), Some(name)) => above.join(name),
        _ => directory.to_owned(),
    }
}
