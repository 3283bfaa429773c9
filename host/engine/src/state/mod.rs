//! What plugins keep (`state` of `worlds.wit`): in memory, where their calls read and write it, and behind them in a file.
//!
//! In reading order: `notes` are the bytes of one plugin, bounded; `writer` is the thread that brings what changed to the disk;
//! `file` is the database, one table of it for each plugin; `error` says what is wrong with it.
//!
//! What holds here:
//! - No call of a plugin waits for the disk.
//! - What a host finds after one that was killed is what its plugin kept at one moment: never a later word without an earlier one.
//! - A plugin sees its own notes and nothing else.
//! - A file that cannot be used keeps no host from starting, and is never overwritten.

mod error;
mod file;
mod notes;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use slewgate_sky::SharedClock;

pub use error::StateError;
pub use file::{copy, forget};
pub(crate) use notes::{Notes, Overfull};

use file::File;
use writer::{Changes, Writer};

/// The notes of all plugins of a host. When it is dropped, what changed last is written once more.
pub(crate) struct State {
    notes: BTreeMap<String, Arc<Notes>>,
    /// None: in memory alone.
    changes: Option<Arc<Changes>>,
}

impl State {
    /// The notes of these plugins, by the names of their tables. `path`: where they outlive the host; none, or where that cannot
    /// be used, which the log tells: they end with it. Blocks while the file is read.
    pub(crate) fn open<'a>(
        path: Option<&Path>,
        plugins: impl IntoIterator<Item = &'a str>,
        clock: SharedClock,
    ) -> State {
        let opened = path.and_then(|path| match File::open(path, &clock) {
            Ok(opened) => Some((opened, path.to_owned())),
            Err(error) => {
                tracing::error!(%error, "what plugins keep is in memory alone, and ends with this host");
                None
            }
        });
        let Some(((file, mut found), path)) = opened else {
            return State::made_of(plugins, None, |_| BTreeMap::new());
        };
        let changes = Arc::new(Changes::default());
        let state = State::made_of(plugins, Some(&changes), |plugin| {
            found.remove(plugin).unwrap_or_default()
        });
        let reopen = move || Ok(File::open(&path, &clock)?.0);
        match Writer::new(state.notes.clone(), Arc::clone(&changes), file, reopen).start() {
            Ok(()) => state,
            Err(error) => {
                tracing::error!(%error, "no thread for what plugins keep: it ends with this host");
                state
            }
        }
    }

    fn made_of<'a>(
        plugins: impl IntoIterator<Item = &'a str>,
        changes: Option<&Arc<Changes>>,
        mut kept: impl FnMut(&str) -> notes::Values,
    ) -> State {
        let made = plugins.into_iter().map(|plugin| {
            let notes = Notes::new(plugin, kept(plugin), changes.cloned());
            (plugin.to_owned(), Arc::new(notes))
        });
        State {
            notes: made.collect(),
            changes: changes.cloned(),
        }
    }

    /// Those of one plugin; of one that was not named they are in memory alone.
    pub(crate) fn notes(&self, plugin: &str) -> Arc<Notes> {
        self.notes.get(plugin).cloned().unwrap_or_default()
    }

    /// Waits until all is on the disk that was kept before: false where that takes longer, or the disk fails.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        let changes = self.changes.as_ref();
        changes.is_none_or(|changes| changes.flush(patience))
    }

    /// Copies all that is kept on the disk to a new file. False: nothing is, it is in memory alone.
    pub(crate) fn copy(&self, to: &Path, patience: Duration) -> Result<bool, StateError> {
        match &self.changes {
            Some(changes) => changes.copy(to, patience).map(|()| true),
            None => Ok(false),
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(changes) = &self.changes {
            changes.end();
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plugins = self.notes.keys();
        formatter.debug_set().entries(plugins).finish()
    }
}
