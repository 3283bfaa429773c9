//! What changed, or may have: files are compared, whatever was heard of them.

use std::collections::BTreeSet;
use std::time::Instant;

use super::super::loader::Loader;
use super::super::report::Stage;
use super::super::settling::{Retry, Stable};
use super::super::shelf::Serving;
use super::super::slot::{ComponentFile, Slot};
use super::super::steps::Step;
use super::super::watch::Changes;
use super::Task;

impl<L, P> Task<L, P>
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    /// Something changed, perhaps.
    pub(super) async fn hear(&mut self, changes: Changes) {
        if changes.lost {
            self.watch.arm();
        }
        let (files, retry) = match changes.everything {
            true => (self.all_files().await, Retry::Failed),
            false => {
                let ours = |file: &ComponentFile| !self.configuration.slots(file).is_empty();
                let files = changes.files.into_iter().filter(ours).collect();
                (files, Retry::All)
            }
        };
        self.touch(files, retry).await;
    }

    /// Compare every file with what serves, though nothing was heard of it.
    pub(super) async fn suspect_all(&mut self) {
        if !self.watch.is_complete() {
            self.watch.arm();
        }
        let files = self.all_files().await;
        for (file, sight) in self.directories.look(files).await {
            self.settling.suspect(file, sight, Instant::now());
        }
    }

    /// These files changed, or may have.
    pub(super) async fn touch(&mut self, files: Vec<ComponentFile>, retry: Retry) {
        for (file, sight) in self.directories.look(files).await {
            if retry == Retry::All && !self.settling.knows(&file) {
                self.tell_detected(&file);
            }
            self.settling.touch(file, sight, retry, Instant::now());
        }
    }

    fn tell_detected(&mut self, file: &ComponentFile) {
        for slot in self.configuration.slots(file) {
            if !self.has_room(&slot) {
                continue;
            }
            self.tell_step(Step {
                attempt: None,
                slot,
                stage: Stage::Detected,
                digest: None,
                generation: None,
            });
        }
    }

    async fn all_files(&mut self) -> Vec<ComponentFile> {
        let slots = self.all_slots().await;
        let files: BTreeSet<_> = slots
            .iter()
            .filter_map(|slot| self.configuration.file(slot))
            .collect();
        files.into_iter().collect()
    }

    /// Files that were quiet long enough: those that still look the same are read.
    pub(super) async fn look_again(&mut self) {
        for (file, sight) in self
            .directories
            .look(self.settling.due(Instant::now()))
            .await
        {
            if let Stable::Yes { retry } = self.settling.look(&file, sight, Instant::now()) {
                for slot in self.configuration.slots(&file) {
                    self.begin(slot, retry);
                }
            }
        }
    }

    /// What is configured, what serves, and what of the rest there is room for.
    pub(super) async fn all_slots(&mut self) -> BTreeSet<Slot> {
        let found = self
            .directories
            .client_types()
            .await
            .unwrap_or_else(|error| {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "policies that serve go on; new ones are not seen"
                );
                BTreeSet::new()
            });
        let found = found.into_iter().map(Slot::Policy).collect();
        let known = self.shelf.slots().chain(self.busy.keys());
        self.crowd.choose(known.cloned().collect(), found)
    }
}
