//! What serves has to prove itself, and is taken back where it does not, or where somebody asks for it. What has is remembered.

use std::time::Instant;

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::super::attempt::Outcome;
use super::super::handle::NoRollback;
use super::super::loader::{LoadError, Loader};
use super::super::remembered::{self, Kept, Page, Refused, Remembered};
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
        self.admit(&slot, &ready.identity).await;
        let left = self.left.remove(&slot).map(|(left, _)| left);
        let loader = self.workshop.loader();
        let published = self
            .shelf
            .put(&slot, ready, left, term, |loaded| loader.tally(loaded));
        if let Some(first) = self.shelf.first(&slot) {
            self.remember(&slot, first).await;
        }
        published
    }

    pub(super) fn has_to_look(&self) -> bool {
        self.shelf.is_proving()
            || !self.shelf.slots_waiting().is_empty()
            || !self.draining.is_empty()
            || !self.left.is_empty()
    }

    /// Those that fail are taken back, those whose time is over are settled, and those that wait for hardware that stands by now serve.
    pub(super) async fn look_at_those_on_trial(&mut self) {
        self.left
            .retain(|_, (_, since)| since.elapsed() < self.pace.probation);
        let loader = self.workshop.loader();
        let failing = self.shelf.failing(|loaded| loader.tally(loaded));
        for (slot, why) in failing {
            match self.return_to_before(&slot, Stage::Probation, &why).await {
                Ok(news) => self.put_in_force(vec![news]),
                // It is as it was: what serves fails on, until it is quarantined.
                Err(NoRollback::Untrusted) => self.shelf.forget_before(&slot),
                Err(_) => {}
            }
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
                let news = self.serve_what_waited(slot, ready).await;
                self.put_in_force(news.into_iter().collect());
            }
        }
    }

    /// Somebody wants what served before.
    pub(super) async fn roll_back(
        &mut self,
        slot: Slot,
        done: oneshot::Sender<Result<(), NoRollback>>,
    ) {
        let answer = match self.return_to_before(&slot, Stage::Rollback, BY_HAND).await {
            Ok(news) => {
                self.put_in_force(vec![news]);
                Ok(())
            }
            Err(NoRollback::Nothing) => match self.page(&slot).await.before {
                Some(kept) if !self.busy.contains_key(&slot) => {
                    return self.begin_kept(slot, kept, done);
                }
                Some(_) => Err(NoRollback::Busy),
                None => Err(NoRollback::Nothing),
            },
            Err(why) => Err(why),
        };
        // Whoever asked may have left.
        _ = done.send(answer);
    }

    /// What somebody wanted back was loaded, or not: what is to be put in force, and what to answer then.
    pub(super) async fn take_back(
        &mut self,
        slot: &Slot,
        outcome: Outcome<L::Loaded>,
    ) -> (Vec<PluginEvent>, Result<(), NoRollback>) {
        let now = self.clock.now();
        let (news, answer) = match outcome {
            Outcome::Loaded { ready, .. } => {
                let refused = self
                    .shelf
                    .replace(slot, ready, (Stage::Rollback, BY_HAND), now);
                if let Some(identity) = refused {
                    self.refuse(slot, identity, Stage::Rollback, BY_HAND).await;
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
        (news.into_iter().collect(), answer)
    }

    /// The version before, which is still there, takes its place again, if it may still run.
    async fn return_to_before(
        &mut self,
        slot: &Slot,
        stage: Stage,
        why: &str,
    ) -> Result<PluginEvent, NoRollback> {
        let serving = self.shelf.serving(slot).ok_or(NoRollback::Unknown)?;
        let failed = serving.identity.clone();
        let before = self.shelf.before(slot).ok_or(NoRollback::Nothing)?.clone();
        if let Err(error) = self.may_still_run(slot, &before).await {
            tracing::error!(%slot, digest = %before.digest, cause = format!("{:#}", error.cause),
                "the version before may not run any more; what serves goes on");
            return Err(NoRollback::Untrusted);
        }
        let rolled_back = self.shelf.roll_back(slot, (stage, why), self.clock.now());
        let news = rolled_back.ok_or(NoRollback::Nothing)?;
        self.refuse(slot, failed, stage, why).await;
        Ok(news)
    }

    /// What was ready serves now, if it may still run.
    async fn serve_what_waited(
        &mut self,
        slot: Slot,
        ready: Ready<L::Loaded>,
    ) -> Option<PluginEvent> {
        match self.may_still_run(&slot, &ready.identity).await {
            Ok(()) => Some(self.serve(slot, ready).await),
            Err(error) => {
                let now = self.clock.now();
                self.shelf.fail(slot, Some(ready.identity), &error, now)
            }
        }
    }

    /// A component that was loaded before is judged again: by what was kept of it, or else by what lies in its place now.
    async fn may_still_run(&mut self, slot: &Slot, identity: &Identity) -> Result<(), LoadError> {
        if !self.workshop.asks_whom_to_trust() {
            return Ok(());
        }
        let page = self.page(slot).await;
        let remembered = self.workshop.remembered().zip(page.kept(identity));
        let kept = remembered.map(|(remembered, kept)| remembered.component(kept));
        let file = self.configuration.file(slot);
        let Some(path) = kept.or_else(|| file.map(|file| self.directories.path(&file))) else {
            return Ok(());
        };
        self.workshop.may_still_run(path, identity.digest).await
    }

    /// What serves is in its file, which may have been signed anew: what was kept of it, too, if that signature is good.
    pub(super) async fn keep_signature(&mut self, slot: &Slot, identity: &Identity) {
        let (Some(file), true) = (
            self.configuration.file(slot),
            self.workshop.asks_whom_to_trust(),
        ) else {
            return;
        };
        let original = self.directories.path(&file);
        let judged = self
            .workshop
            .may_still_run(original.clone(), identity.digest);
        if judged.await.is_ok() {
            let identity = identity.clone();
            self.on_disk(slot, move |remembered, slot| {
                match remembered.page(slot).kept(&identity) {
                    Some(kept) => remembered.keep_signature(kept, &original),
                    None => Ok(()),
                }
            })
            .await;
        }
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

    pub(super) async fn remember(&mut self, slot: &Slot, settled: Settled) {
        let Some(file) = self.configuration.file(slot) else {
            return;
        };
        self.refused.remove(slot);
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

    async fn refuse(&mut self, slot: &Slot, identity: Identity, stage: Stage, why: &str) {
        let refused = Refused {
            identity,
            stage,
            cause: why.to_owned(),
            at: self.clock.now(),
        };
        remembered::refuse(
            self.refused.entry(slot.clone()).or_default(),
            refused.clone(),
        );
        self.on_disk(slot, move |remembered, slot| {
            let mut page = remembered.page(slot);
            page.refuse(refused);
            remembered.write(slot, &page)
        })
        .await;
    }

    /// What was taken back serves after all, as somebody wrote its file anew.
    async fn admit(&mut self, slot: &Slot, identity: &Identity) {
        let Some(refused) = self.refused.get_mut(slot) else {
            return;
        };
        let before = refused.len();
        refused.retain(|refused| refused.identity != *identity);
        if refused.len() < before {
            let identity = identity.clone();
            self.on_disk(slot, move |remembered, slot| {
                let mut page = remembered.page(slot);
                page.admit(&identity);
                remembered.write(slot, &page)
            })
            .await;
        }
    }

    /// Its file is gone: nothing of it comes back at the next start.
    pub(super) async fn forget(&mut self, slot: &Slot) {
        self.refused.remove(slot);
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
