//! What serves has to prove itself, and is taken back where it does not, or where somebody asks for it. What has is remembered.

use std::time::Instant;

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::super::attempt::Outcome;
use super::super::handle::NoRollback;
use super::super::loader::Loader;
use super::super::remembered::{Kept, Page, Refused, Remembered};
use super::super::report::{PluginEvent, Stage, What};
use super::super::shelf::{Identity, Ready, Serving, Settled, Term};
use super::super::slot::Slot;
use super::Task;

/// Why a version that somebody took back does not serve.
const BY_HAND: &str = "it was taken back by hand";

impl<L, P> Task<L, P>
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    /// A new version takes its place.
    pub(super) async fn serve(&mut self, slot: Slot, ready: Ready<L::Loaded>) -> PluginEvent {
        let now = self.clock.now();
        let term = Term {
            over: Instant::now() + self.pace.probation,
            now,
            until: now + self.pace.probation.as_secs_f64() * 1000.0,
        };
        let loader = self.workshop.loader();
        let published = self
            .shelf
            .put(&slot, ready, term, |loaded| loader.tally(loaded));
        if let Some(first) = self.shelf.first(&slot) {
            self.remember(&slot, first).await;
        }
        published
    }

    pub(super) fn has_to_look(&self) -> bool {
        self.shelf.is_proving()
            || !self.shelf.slots_waiting().is_empty()
            || !self.draining.is_empty()
    }

    /// Those that fail are taken back, those whose time is over are settled, and those that wait for hardware that stands by now serve.
    pub(super) async fn look_at_those_on_trial(&mut self) {
        let loader = self.workshop.loader();
        let failing = self.shelf.failing(|loaded| loader.tally(loaded));
        for (slot, why) in failing {
            let news = self.return_to_before(&slot, Stage::Probation, &why).await;
            self.put_in_force(news.into_iter().collect());
        }
        for (slot, settled) in self.shelf.settle(Instant::now()) {
            self.remember(&slot, settled).await;
            let news = self.shelf.event(&slot, What::Settled);
            self.tell(news);
        }
        for slot in self.shelf.slots_waiting() {
            if !self.workshop.loader().is_idle(&slot) {
                continue;
            }
            if let Some(ready) = self.shelf.take_waiting(&slot) {
                let news = self.serve(slot, ready).await;
                self.put_in_force(vec![news]);
            }
        }
    }

    /// Somebody wants what served before.
    pub(super) async fn roll_back(
        &mut self,
        slot: Slot,
        done: oneshot::Sender<Result<(), NoRollback>>,
    ) {
        if self.shelf.serving(&slot).is_none() {
            // Whoever asked may have left, here and below.
            _ = done.send(Err(NoRollback::Unknown));
        } else if let Some(news) = self.return_to_before(&slot, Stage::Rollback, BY_HAND).await {
            self.put_in_force(vec![news]);
            _ = done.send(Ok(()));
        } else {
            match self.page(&slot).await.before {
                Some(kept) if !self.busy.contains_key(&slot) => self.begin_kept(slot, kept, done),
                Some(_) => _ = done.send(Err(NoRollback::Busy)),
                None => _ = done.send(Err(NoRollback::Nothing)),
            }
        }
    }

    /// What somebody wanted back was loaded, or not.
    pub(super) async fn take_back(
        &mut self,
        slot: &Slot,
        outcome: Outcome<L::Loaded>,
        asked: oneshot::Sender<Result<(), NoRollback>>,
    ) -> Vec<PluginEvent> {
        let now = self.clock.now();
        let (news, answer) = match outcome {
            Outcome::Loaded { ready, .. } => {
                let refused = self
                    .shelf
                    .replace(slot, ready, (Stage::Rollback, BY_HAND), now);
                if let Some(identity) = refused {
                    self.refuse(slot, identity, BY_HAND).await;
                }
                (Some(self.shelf.event(slot, What::RolledBack)), Ok(()))
            }
            Outcome::Failed {
                identity, error, ..
            } => {
                let news = self.shelf.fail(slot.clone(), identity, &error, now);
                (news, Err(NoRollback::Failed))
            }
            _ => (None, Err(NoRollback::Failed)),
        };
        _ = asked.send(answer);
        news.into_iter().collect()
    }

    /// The version before, which is still there, takes its place again.
    async fn return_to_before(
        &mut self,
        slot: &Slot,
        stage: Stage,
        why: &str,
    ) -> Option<PluginEvent> {
        let failed = self.shelf.serving(slot)?.identity.clone();
        let news = self.shelf.roll_back(slot, (stage, why), self.clock.now())?;
        self.refuse(slot, failed, why).await;
        Some(news)
    }

    /// What is remembered of a slot.
    pub(super) async fn page(&mut self, slot: &Slot) -> Page {
        let Some(remembered) = self.workshop.remembered().cloned() else {
            return Page::default();
        };
        let slot = slot.clone();
        let read = spawn_blocking(move || remembered.page(&slot)).await;
        read.unwrap_or_default()
    }

    async fn remember(&mut self, slot: &Slot, settled: Settled) {
        let Some(file) = self.configuration.file(slot) else {
            return;
        };
        let original = self.directories.path(&file);
        let kept = Kept {
            identity: settled.identity,
            file: file.name,
            since: settled.since,
        };
        self.on_disk(slot, move |remembered, slot| {
            if let Some(component) = settled.component {
                remembered.keep(&kept, &component, &original)?;
            }
            let mut page = remembered.page(slot);
            page.settle(kept);
            remembered.write(slot, &page)
        })
        .await;
    }

    async fn refuse(&mut self, slot: &Slot, identity: Identity, why: &str) {
        let refused = Refused {
            identity,
            cause: why.to_owned(),
            at: self.clock.now(),
        };
        self.on_disk(slot, move |remembered, slot| {
            let mut page = remembered.page(slot);
            page.refuse(refused);
            remembered.write(slot, &page)
        })
        .await;
    }

    /// Its file is gone: nothing of it comes back.
    pub(super) async fn forget(&mut self, slot: &Slot) {
        self.on_disk(slot, Remembered::forget).await;
    }

    /// The plugin serves all the same where this fails: only a later start knows less.
    async fn on_disk(
        &mut self,
        slot: &Slot,
        change: impl FnOnce(&Remembered, &Slot) -> anyhow::Result<()> + Send + 'static,
    ) {
        let Some(remembered) = self.workshop.remembered().cloned() else {
            return;
        };
        let own = slot.clone();
        let changed = spawn_blocking(move || change(&remembered, &own))
            .await
            .context("the host failed")
            .and_then(|changed| changed);
        if let Err(error) = changed {
            tracing::error!(%slot, error = format!("{error:#}"),
                "what serves cannot be remembered for the next start");
        }
    }
}
