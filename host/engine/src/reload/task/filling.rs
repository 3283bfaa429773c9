//! Slots are filled: from their file, from what is remembered, or not at all.

use std::collections::BTreeSet;
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::task::{Id, JoinError};

use super::super::attempt::{Job, Outcome, Source};
use super::super::handle::NoRollback;
use super::super::loader::Loader;
use super::super::remembered::Kept;
use super::super::report::{PluginEvent, PluginKind, Stage};
use super::super::settling::Retry;
use super::super::shelf::{Ready, Serving};
use super::super::slot::{ComponentFile, Configuration, Slot};
use super::{Busy, Task};

/// Attempts of a slot that are given up in a row for what was written anew.
const MOST_GIVEN_UP: u32 = 3;

/// Most types of client at once.
pub(crate) const MAX_POLICIES: usize = 64;

impl<L, P> Task<L, P>
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    /// Fill a slot from its file, beside this task.
    pub(super) fn begin(&mut self, slot: Slot, retry: Retry) {
        self.begin_knowing(slot, retry, None);
    }

    /// The same when the host starts: with what is remembered of the slot.
    pub(super) async fn begin_first(&mut self, slot: Slot) {
        let page = self.page(&slot).await;
        self.refused.insert(slot.clone(), page.refused);
        self.begin_knowing(slot, Retry::Failed, page.good);
    }

    fn begin_knowing(&mut self, slot: Slot, retry: Retry, mut remembered: Option<Kept>) {
        let mut given_up = 0;
        if let Some(busy) = self.busy.get_mut(&slot) {
            // A comparison that finds nothing new finds it again after this attempt, which may be a long one.
            if retry == Retry::Nothing {
                return;
            }
            busy.again = busy.again.max(Some(retry.max(busy.retry)));
            // What was written anew does not wait for what nobody wants any more, unless it is written all the time. The outcome of that
            // attempt is no slot's then.
            if retry < Retry::All || busy.asked.is_some() || busy.given_up == MOST_GIVEN_UP {
                return;
            }
            given_up = busy.given_up + 1;
            remembered = busy.remembered.take();
            busy.attempt.abort();
            self.busy.remove(&slot);
        }
        let Some(file) = self.configuration.file(&slot) else {
            return;
        };
        if !self.has_room(&slot) {
            self.crowd.leave_out(slot);
            return;
        }
        let source = Source::File {
            path: self.directories.path(&file),
            settings: self.configuration.settings(&slot).to_owned(),
        };
        let identity = |ready: &Ready<_>| ready.identity.clone();
        let job = Job {
            source,
            serving: self.shelf.serving(&slot).map(identity),
            waiting: self.shelf.waiting(&slot).map(identity),
            failed: self.shelf.failed(&slot, retry).cloned(),
            refused: match retry {
                Retry::All => Vec::new(),
                Retry::Nothing | Retry::Failed => {
                    self.refused.get(&slot).cloned().unwrap_or_default()
                }
            },
            remembered,
            slot,
        };
        self.spawn(job, None, retry, given_up);
    }

    /// Fill a slot with what served before, beside this task.
    pub(super) fn begin_kept(
        &mut self,
        slot: Slot,
        kept: Kept,
        asked: oneshot::Sender<Result<(), NoRollback>>,
    ) {
        let job = Job {
            slot,
            source: Source::Kept(kept),
            serving: None,
            waiting: None,
            failed: None,
            refused: Vec::new(),
            remembered: None,
        };
        self.spawn(job, Some(asked), Retry::Nothing, 0);
    }

    fn spawn(
        &mut self,
        job: Job,
        asked: Option<oneshot::Sender<Result<(), NoRollback>>>,
        retry: Retry,
        given_up: u32,
    ) {
        let slot = job.slot.clone();
        let remembered = job.remembered.clone();
        let workshop = self.workshop.clone();
        let busy = Busy {
            attempt: self.attempts.spawn(workshop.attempt(job)),
            remembered,
            retry,
            given_up,
            again: None,
            asked,
        };
        self.busy.insert(slot, busy);
    }

    /// Take the outcome of an attempt.
    pub(super) async fn absorb(
        &mut self,
        done: Result<(Id, Outcome<L::Loaded>), JoinError>,
    ) -> Vec<PluginEvent> {
        self.tell_steps();
        let (id, outcome) = match done {
            Ok(done) => done,
            Err(fault) => (fault.id(), Outcome::failed(Stage::Compile, fault.into())),
        };
        let mut busy = self.busy.iter();
        let Some(slot) = busy
            .find(|(_, busy)| busy.attempt.id() == id)
            .map(|(slot, _)| slot.clone())
        else {
            return Vec::new();
        };
        let Some(busy) = self.busy.remove(&slot) else {
            return Vec::new();
        };
        self.shelf.attempted(&slot);
        self.reports.send_replace(self.shelf.reports());
        if let Some(asked) = busy.asked {
            let (news, answer) = self.take_back(&slot, outcome).await;
            self.put_in_force(news);
            // Whoever asked may have left.
            _ = asked.send(answer);
            self.begin_if(&slot, busy.again);
            return Vec::new();
        }
        if let Some(retry) = busy.again {
            self.begin_knowing(slot, retry, busy.remembered);
            return Vec::new();
        }
        match self.configuration.file(&slot) {
            Some(file) => self.take(slot, file, outcome).await,
            None => Vec::new(),
        }
    }

    fn begin_if(&mut self, slot: &Slot, again: Option<Retry>) {
        if let Some(retry) = again {
            self.begin(slot.clone(), retry);
        }
    }

    async fn take(
        &mut self,
        slot: Slot,
        file: ComponentFile,
        outcome: Outcome<L::Loaded>,
    ) -> Vec<PluginEvent> {
        let now = self.clock.now();
        let news = match outcome {
            Outcome::Loaded {
                ready,
                proven: true,
                ..
            } => {
                let published = self.shelf.put_proven(&slot, ready, false, now);
                // Its signature, or what was kept of it, may have to be written anew.
                if let Some(proven) = self.shelf.settled(&slot) {
                    self.remember(&slot, proven).await;
                }
                Some(published)
            }
            Outcome::Loaded { ready, before, .. } => {
                if let Some(before) = before {
                    self.shelf.put_proven(&slot, before, true, now);
                }
                Some(self.serve_or_wait(slot, ready).await)
            }
            Outcome::Failed {
                identity,
                error,
                instead,
            } => {
                if let Some(instead) = instead {
                    let earlier = identity.as_ref() != Some(&instead.identity);
                    self.shelf.put_proven(&slot, instead, earlier, now);
                }
                self.shelf.fail(slot, identity, &error, now)
            }
            Outcome::Unchanged(identity) => {
                let serving = self.shelf.serving(&slot);
                if serving.is_some_and(|serving| serving.identity == identity) {
                    self.keep_signature(&slot, &identity).await;
                    self.shelf.confirm(&slot)
                } else {
                    // Something else serves meanwhile.
                    self.begin(slot, Retry::Nothing);
                    None
                }
            }
            Outcome::Absent => {
                self.forget(&slot).await;
                let (removed, left) = self.shelf.remove(&slot, self.is_configured(&slot), now);
                if let Some(left) = left {
                    self.left.insert(slot, (left, Instant::now()));
                }
                removed
            }
            Outcome::StillFailed | Outcome::StillWaiting => None,
            Outcome::Unsettled => {
                self.touch(vec![file], Retry::All).await;
                None
            }
        };
        news.into_iter().collect()
    }

    /// Hardware that moves is left to what moves it, where the configuration says so.
    async fn serve_or_wait(&mut self, slot: Slot, ready: Ready<L::Loaded>) -> PluginEvent {
        let waits = self.configuration.when_idle(&slot) && self.shelf.serving(&slot).is_some();
        if waits && !self.workshop.loader().is_idle(&slot) {
            return self.shelf.wait(&slot, ready, self.clock.now());
        }
        self.serve(slot, ready).await
    }

    /// Slots whose file or settings differ are filled anew, without waiting: a configuration does not settle.
    pub(super) fn configure(&mut self, configuration: Configuration) {
        let before = std::mem::replace(&mut self.configuration, configuration);
        self.expect_tables();
        let now = self.clock.now();
        let mut gone = Vec::new();
        for slot in self.shelf.slots().cloned().collect::<Vec<_>>() {
            let after = &self.configuration;
            let same = before.file(&slot) == after.file(&slot)
                && before.settings(&slot) == after.settings(&slot);
            if after.file(&slot).is_none() {
                gone.extend(self.shelf.remove(&slot, false, now).0);
            } else if !same {
                self.begin(slot, Retry::Failed);
            }
        }
        self.put_in_force(gone);
    }

    pub(super) fn expect_tables(&mut self) {
        let now = self.clock.now();
        for table in self.configuration.tables.keys() {
            self.shelf.expect(Slot::Handler(table.clone()), now);
        }
        for client_type in self.configuration.policies.keys() {
            self.shelf.expect(Slot::Policy(client_type.clone()), now);
        }
    }

    fn is_configured(&self, slot: &Slot) -> bool {
        match slot {
            Slot::Handler(table) => self.configuration.tables.contains_key(table),
            Slot::Policy(client_type) => self.configuration.policies.contains_key(client_type),
        }
    }

    pub(super) fn has_room(&self, slot: &Slot) -> bool {
        let policies: BTreeSet<&Slot> = self
            .shelf
            .slots()
            .chain(self.busy.keys())
            .filter(|slot| slot.kind() == PluginKind::Policy)
            .collect();
        slot.kind() == PluginKind::Handler
            || policies.contains(slot)
            || policies.len() < MAX_POLICIES
    }
}
