//! What serves, what it took the place of, and what failed to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::again::Again;
use super::candidate::Digest;
use super::loader::LoadError;
use super::probation::{Probation, Tally};
use super::report::{
    AttemptReport, CandidateReport, DrainReport, PluginEvent, PluginReport, PluginState, Stage,
    What,
};
use super::settling::Retry;
use super::slot::Slot;

/// What a candidate that is ready waits for.
const WAITS: &str = "it is ready, and waits until the hardware stands still";

/// Everything that serves, for the publisher.
#[derive(Debug)]
pub(crate) struct Serving<T> {
    /// One higher than the last.
    pub(crate) number: u64,
    pub(crate) plugins: BTreeMap<Slot, Arc<T>>,
    /// Where nothing serves yet since the start, and something is being loaded.
    pub(crate) loading: BTreeSet<Slot>,
}

/// A component and its settings, for comparing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) digest: Digest,
    pub(crate) settings: String,
}

/// A plugin that can serve.
#[derive(Debug)]
pub(crate) struct Ready<T> {
    pub(crate) identity: Identity,
    pub(crate) generation: u64,
    pub(crate) loaded: Arc<T>,
    /// Its bytes, until they are remembered, or need not be.
    pub(crate) component: Option<Arc<[u8]>>,
}

/// How each slot stands. Only the task changes it.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    number: u64,
    entries: BTreeMap<Slot, Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    serving: Option<Ready<T>>,
    /// What serves has to prove itself.
    proving: Option<Proving<T>>,
    /// What serves is an earlier version than its file holds.
    earlier: bool,
    /// Ready to take the place of what serves.
    waiting: Option<Ready<T>>,
    failed: Option<FailedUnit>,
    /// What is being made of its file.
    attempt: Option<AttemptReport>,
    /// What was replaced last, while calls of it go on.
    draining: Option<DrainReport>,
    since: f64,
}

#[derive(Debug)]
struct Proving<T> {
    probation: Probation,
    /// The same in milliseconds since 1970-01-01T00:00Z.
    until: f64,
    /// What served well before, and will again if what serves does not.
    before: Option<Ready<T>>,
}

#[derive(Debug)]
struct FailedUnit {
    /// None where it could not be read.
    identity: Option<Identity>,
    report: CandidateReport,
    /// It failed for a passing reason.
    again: Option<Again>,
}

/// What is to be remembered of what serves.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) identity: Identity,
    /// Since when it serves; milliseconds since 1970-01-01T00:00Z.
    pub(crate) since: f64,
    /// Its bytes; none where they are remembered already.
    pub(crate) component: Option<Arc<[u8]>>,
}

/// How long a new version has to prove itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    /// When it is over.
    pub(crate) over: Instant,
    /// Now, and its end, in milliseconds since 1970-01-01T00:00Z.
    pub(crate) now: f64,
    pub(crate) until: f64,
}

impl<T> Shelf<T> {
    pub(crate) fn new() -> Shelf<T> {
        Shelf {
            number: 0,
            entries: BTreeMap::new(),
        }
    }

    /// A slot that the configuration names is there even while nothing serves in it.
    pub(crate) fn expect(&mut self, slot: Slot, now: f64) {
        self.entry(slot, now);
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.entries.keys()
    }

    pub(crate) fn serving(&self, slot: &Slot) -> Option<&Ready<T>> {
        self.entries.get(slot)?.serving.as_ref()
    }

    pub(crate) fn waiting(&self, slot: &Slot) -> Option<&Ready<T>> {
        self.entries.get(slot)?.waiting.as_ref()
    }

    /// What is not to be tried again. What was not trusted is, as that may change without a change of the file; what failed for a
    /// passing reason now and then.
    pub(crate) fn failed(&mut self, slot: &Slot, retry: Retry) -> Option<&Identity> {
        let failed = self.entries.get_mut(slot)?.failed.as_mut()?;
        let taken_back = matches!(failed.report.stage, Stage::Probation | Stage::Rollback);
        let counts = retry < Retry::Failed || taken_back && retry < Retry::All;
        let is_final = match &mut failed.again {
            Some(again) => !again.is_due(),
            None => failed.report.stage != Stage::Trust,
        };
        failed.identity.as_ref().filter(|_| counts && is_final)
    }

    /// The slots in which something waits.
    pub(crate) fn slots_waiting(&self) -> Vec<Slot> {
        let waiting =
            |(slot, entry): (&Slot, &Entry<T>)| entry.waiting.is_some().then(|| slot.clone());
        self.entries.iter().filter_map(waiting).collect()
    }

    /// A new generation serves from here on. What it takes the place of is kept until it has proved itself: what serves, or what `left` a
    /// moment ago.
    pub(crate) fn put(
        &mut self,
        slot: &Slot,
        ready: Ready<T>,
        left: Option<Ready<T>>,
        term: Term,
        tally: impl Fn(&T) -> Tally,
    ) -> PluginEvent {
        let entry = self.entry(slot.clone(), term.now);
        // What has not proved itself yet is no version to go back to, unless there is no other.
        let proven = entry.proving.take().and_then(|proving| proving.before);
        let before = proven.or(entry.serving.take()).or(left);
        let probation = Probation {
            until: term.over,
            probed: tally(&ready.loaded),
            predecessor: before
                .as_ref()
                .map_or_else(Tally::default, |before| tally(&before.loaded)),
        };
        *entry = Entry {
            serving: Some(ready),
            proving: Some(Proving {
                probation,
                until: term.until,
                before,
            }),
            ..Entry::empty(term.now)
        };
        self.event(slot, What::Published)
    }

    /// What served well before the start serves. `earlier`: its file does not hold it any more.
    pub(crate) fn put_proven(
        &mut self,
        slot: &Slot,
        ready: Ready<T>,
        earlier: bool,
        now: f64,
    ) -> PluginEvent {
        *self.entry(slot.clone(), now) = Entry {
            serving: Some(ready),
            earlier,
            ..Entry::empty(now)
        };
        self.event(slot, What::Published)
    }

    /// A candidate is ready, and waits.
    pub(crate) fn wait(&mut self, slot: &Slot, ready: Ready<T>, now: f64) -> PluginEvent {
        let digest = Some(ready.identity.digest.to_string());
        let report = CandidateReport::new(digest, Stage::Waiting, WAITS, now);
        let entry = self.entry(slot.clone(), now);
        entry.waiting = Some(ready);
        entry.failed = Some(FailedUnit {
            identity: None,
            report,
            again: None,
        });
        self.event(slot, What::Waiting)
    }

    /// What waited no longer has to.
    pub(crate) fn take_waiting(&mut self, slot: &Slot) -> Option<Ready<T>> {
        let entry = self.entries.get_mut(slot)?;
        entry.failed = None;
        entry.waiting.take()
    }

    /// What has proved itself by now: what it took the place of is let go.
    pub(crate) fn settle(&mut self, now: Instant) -> Vec<(Slot, Settled)> {
        let mut settled = Vec::new();
        for (slot, entry) in &mut self.entries {
            let proving = entry.proving.as_ref();
            if proving.is_some_and(|proving| proving.probation.until <= now) {
                entry.proving = None;
                settled.extend(entry.settled().map(|unit| (slot.clone(), unit)));
            }
        }
        settled
    }

    /// What is to be remembered of what serves.
    pub(crate) fn settled(&self, slot: &Slot) -> Option<Settled> {
        self.entries.get(slot)?.settled()
    }

    /// What is there to go back to.
    pub(crate) fn before(&self, slot: &Slot) -> Option<&Identity> {
        let proving = self.entries.get(slot)?.proving.as_ref()?;
        Some(&proving.before.as_ref()?.identity)
    }

    /// There is nothing to go back to any more.
    pub(crate) fn forget_before(&mut self, slot: &Slot) {
        if let Some(entry) = self.entries.get_mut(slot)
            && let Some(proving) = &mut entry.proving
        {
            proving.before = None;
        }
    }

    /// What serves, and serves as the first in its slot: it is remembered, as there is nothing else.
    pub(crate) fn first(&self, slot: &Slot) -> Option<Settled> {
        let entry = self.entries.get(slot)?;
        let first = entry.proving.as_ref()?.before.is_none();
        first.then(|| entry.settled()).flatten()
    }

    /// Whether anything still has to prove itself.
    pub(crate) fn is_proving(&self) -> bool {
        self.entries.values().any(|entry| entry.proving.is_some())
    }

    /// What fails more often than what it took the place of, and why it is said to.
    pub(crate) fn failing(&self, tally: impl Fn(&T) -> Tally) -> Vec<(Slot, String)> {
        let failing = self.entries.iter().filter_map(|(slot, entry)| {
            let (serving, proving) = (entry.serving.as_ref()?, entry.proving.as_ref()?);
            proving.before.as_ref()?;
            let why = proving.probation.judge(tally(&serving.loaded))?;
            Some((slot.clone(), why))
        });
        failing.collect()
    }

    /// What served before serves again. None where nothing did, or it is no longer kept.
    pub(crate) fn roll_back(
        &mut self,
        slot: &Slot,
        (stage, cause): (Stage, &str),
        now: f64,
    ) -> Option<PluginEvent> {
        let entry = self.entries.get_mut(slot)?;
        let before = entry.proving.as_mut()?.before.take()?;
        entry.proving = None;
        let failed = entry.serving.replace(before)?;
        entry.fail(failed.identity, stage, cause, now);
        (entry.earlier, entry.since) = (true, now);
        Some(self.event(slot, What::RolledBack))
    }

    /// What served before, loaded anew, serves again. Answers what it took the place of.
    pub(crate) fn replace(
        &mut self,
        slot: &Slot,
        ready: Ready<T>,
        (stage, cause): (Stage, &str),
        now: f64,
    ) -> Option<Identity> {
        let entry = self.entry(slot.clone(), now);
        let identity = entry.serving.replace(ready).map(|served| served.identity);
        (entry.proving, entry.earlier, entry.since) = (None, true, now);
        if let Some(identity) = &identity {
            entry.fail(identity.clone(), stage, cause, now);
        }
        identity
    }

    /// A candidate cannot serve. None where that is no news.
    pub(crate) fn fail(
        &mut self,
        slot: Slot,
        identity: Option<Identity>,
        error: &LoadError,
        now: f64,
    ) -> Option<PluginEvent> {
        let digest = identity
            .as_ref()
            .map(|identity| identity.digest.to_string());
        let cause = format!("{:#}", error.cause);
        let report = CandidateReport::new(digest, error.stage, &cause, now);
        let entry = self.entry(slot.clone(), now);
        let known = entry.failed.as_ref().is_some_and(|before| {
            (before.report.stage, &before.report.cause) == (report.stage, &report.cause)
                && before.identity == identity
        });
        let before = entry
            .failed
            .take()
            .filter(|before| before.identity == identity);
        let again = error
            .is_passing()
            .then(|| Again::after(before.and_then(|before| before.again)));
        entry.waiting = None;
        entry.failed = Some(FailedUnit {
            identity,
            report,
            again,
        });
        (!known).then(|| self.event(&slot, What::Failed))
    }

    /// The file holds what serves. None where it did before.
    pub(crate) fn confirm(&mut self, slot: &Slot) -> Option<PluginEvent> {
        let entry = self.entries.get_mut(slot)?;
        entry.waiting = None;
        let restored = entry.failed.take().is_some() | std::mem::take(&mut entry.earlier);
        restored.then(|| self.event(slot, What::Restored))
    }

    /// There is nothing to serve any more. `expected`: the configuration names the slot all the same.
    /// Answers what served well last, too.
    pub(crate) fn remove(
        &mut self,
        slot: &Slot,
        expected: bool,
        now: f64,
    ) -> (Option<PluginEvent>, Option<Ready<T>>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return (None, None);
        };
        let news = entry.serving.is_some() || entry.failed.is_some();
        let since = if news { now } else { entry.since };
        let gone = std::mem::replace(entry, Entry::empty(since));
        let proven = gone.proving.and_then(|proving| proving.before);
        let event = news.then(|| self.event(slot, What::Removed));
        if !expected {
            self.entries.remove(slot);
        }
        (event, proven.or(gone.serving))
    }

    /// An attempt is a step further. Nothing is kept for a slot that is not there yet: perhaps nothing comes of it.
    pub(crate) fn step(&mut self, slot: &Slot, attempt: AttemptReport) -> PluginEvent {
        if let Some(entry) = self.entries.get_mut(slot) {
            entry.attempt = Some(attempt.clone());
        }
        let mut event = self.report_as(slot, What::Step, attempt.at);
        event.plugin.attempt = Some(attempt);
        event
    }

    /// It has ended.
    pub(crate) fn attempted(&mut self, slot: &Slot) {
        if let Some(entry) = self.entries.get_mut(slot) {
            entry.attempt = None;
        }
    }

    /// Calls of what was replaced are under way, or have ended.
    pub(crate) fn drains(&mut self, slot: &Slot, drain: DrainReport, what: What) -> PluginEvent {
        if let Some(entry) = self.entries.get_mut(slot) {
            entry.draining = Some(drain.clone());
        }
        let mut event = self.report_as(slot, what, drain.until);
        event.plugin.draining = Some(drain);
        event
    }

    /// They are told to have ended.
    pub(crate) fn drained(&mut self, slot: &Slot, generation: u64) {
        if let Some(entry) = self.entries.get_mut(slot) {
            entry
                .draining
                .take_if(|draining| draining.generation == generation);
        }
    }

    /// What is to be in force in each slot.
    pub(crate) fn in_force(&self) -> BTreeMap<Slot, (u64, Arc<T>)> {
        let serving = self.entries.iter().filter_map(|(slot, entry)| {
            let serving = entry.serving.as_ref()?;
            let in_force = (serving.generation, Arc::clone(&serving.loaded));
            Some((slot.clone(), in_force))
        });
        serving.collect()
    }

    /// All that serves, under the next number; and where something may soon, of those that are `busy`.
    pub(crate) fn next<'a>(&mut self, busy: impl Iterator<Item = &'a Slot>) -> Serving<T> {
        self.number += 1;
        let serving = self.entries.iter().filter_map(|(slot, entry)| {
            Some((slot.clone(), Arc::clone(&entry.serving.as_ref()?.loaded)))
        });
        let plugins: BTreeMap<Slot, Arc<T>> = serving.collect();
        Serving {
            number: self.number,
            loading: busy
                .filter(|slot| !plugins.contains_key(slot))
                .cloned()
                .collect(),
            plugins,
        }
    }

    pub(crate) fn reports(&self) -> Vec<PluginReport> {
        self.entries
            .iter()
            .map(|(slot, entry)| entry.report(slot))
            .collect()
    }

    /// How a slot stands, told as this.
    pub(crate) fn event(&mut self, slot: &Slot, what: What) -> PluginEvent {
        let now = self.entries.get(slot).map_or(0.0, |entry| entry.since);
        PluginEvent {
            what,
            plugin: self.entry(slot.clone(), now).report(slot),
            widens: Vec::new(),
        }
    }

    /// The same of a slot that need not be there.
    fn report_as(&self, slot: &Slot, what: What, now: f64) -> PluginEvent {
        let plugin = match self.entries.get(slot) {
            Some(entry) => entry.report(slot),
            None => Entry::<T>::empty(now).report(slot),
        };
        PluginEvent {
            what,
            plugin,
            widens: Vec::new(),
        }
    }

    fn entry(&mut self, slot: Slot, now: f64) -> &mut Entry<T> {
        self.entries
            .entry(slot)
            .or_insert_with(|| Entry::empty(now))
    }
}

impl<T> Entry<T> {
    fn empty(since: f64) -> Entry<T> {
        Entry {
            serving: None,
            proving: None,
            earlier: false,
            waiting: None,
            failed: None,
            attempt: None,
            draining: None,
            since,
        }
    }

    fn settled(&self) -> Option<Settled> {
        let serving = self.serving.as_ref()?;
        Some(Settled {
            identity: serving.identity.clone(),
            since: self.since,
            component: serving.component.clone(),
        })
    }

    fn fail(&mut self, identity: Identity, stage: Stage, cause: &str, now: f64) {
        let digest = Some(identity.digest.to_string());
        let report = CandidateReport::new(digest, stage, cause, now);
        self.failed = Some(FailedUnit {
            identity: Some(identity),
            report,
            again: None,
        });
    }

    fn report(&self, slot: &Slot) -> PluginReport {
        let state = match (&self.serving, &self.failed) {
            (Some(_), _) => PluginState::Serving,
            (None, Some(_)) => PluginState::Failed,
            (None, None) => PluginState::Absent,
        };
        PluginReport {
            name: slot.name().to_owned(),
            kind: slot.kind(),
            state,
            generation: self.serving.as_ref().map(|serving| serving.generation),
            digest: self
                .serving
                .as_ref()
                .map(|serving| serving.identity.digest.to_string()),
            since: self.since,
            probation: self.proving.as_ref().map(|proving| proving.until),
            earlier: self.earlier,
            usage: None,
            quarantine: None,
            candidate: self.failed.as_ref().map(|failed| failed.report.clone()),
            attempt: self.attempt.clone(),
            draining: self.draining.clone(),
        }
    }
}
