//! What serves, and what failed to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::candidate::Digest;
use super::loader::LoadError;
use super::report::{CandidateReport, PluginEvent, PluginReport, PluginState, What};
use super::slot::Slot;

/// Everything that serves, for the publisher.
#[derive(Debug)]
pub(crate) struct Serving<T> {
    /// One higher than the last.
    pub(crate) number: u64,
    pub(crate) plugins: BTreeMap<Slot, Arc<T>>,
}

/// A component and its settings, for comparing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identity {
    pub(crate) digest: Digest,
    pub(crate) settings: String,
}

/// How each slot stands. Only the task changes it.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    number: u64,
    entries: BTreeMap<Slot, Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    serving: Option<Served<T>>,
    failed: Option<FailedUnit>,
    since: f64,
}

#[derive(Debug)]
struct Served<T> {
    loaded: Arc<T>,
    identity: Identity,
    generation: u64,
}

#[derive(Debug)]
struct FailedUnit {
    /// None where it could not be read.
    identity: Option<Identity>,
    report: CandidateReport,
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

    pub(crate) fn serving(&self, slot: &Slot) -> Option<&Identity> {
        Some(&self.entries.get(slot)?.serving.as_ref()?.identity)
    }

    pub(crate) fn failed(&self, slot: &Slot) -> Option<&Identity> {
        self.entries.get(slot)?.failed.as_ref()?.identity.as_ref()
    }

    /// A new generation serves from here on.
    pub(crate) fn put(
        &mut self,
        slot: Slot,
        served: (Identity, u64),
        loaded: T,
        now: f64,
    ) -> PluginEvent {
        let (identity, generation) = served;
        let serving = Some(Served {
            loaded: Arc::new(loaded),
            identity,
            generation,
        });
        self.entries.insert(
            slot.clone(),
            Entry {
                serving,
                failed: None,
                since: now,
            },
        );
        self.event(&slot, What::Published)
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
        let report = CandidateReport {
            digest,
            stage: error.stage,
            cause: format!("{:#}", error.cause),
            at: now,
        };
        let entry = self.entry(slot.clone(), now);
        let known = entry.failed.as_ref().is_some_and(|before| {
            (before.report.stage, &before.report.cause) == (report.stage, &report.cause)
                && before.identity == identity
        });
        entry.failed = Some(FailedUnit { identity, report });
        (!known).then(|| self.event(&slot, What::Failed))
    }

    /// The file holds what serves. None where it did before.
    pub(crate) fn confirm(&mut self, slot: &Slot) -> Option<PluginEvent> {
        self.entries.get_mut(slot)?.failed.take()?;
        Some(self.event(slot, What::Restored))
    }

    /// There is nothing to serve any more. `expected`: the configuration names the slot all the same.
    pub(crate) fn remove(&mut self, slot: &Slot, expected: bool, now: f64) -> Option<PluginEvent> {
        let entry = self.entries.get_mut(slot)?;
        let news = entry.serving.take().is_some() | entry.failed.take().is_some();
        if news {
            entry.since = now;
        }
        let event = news.then(|| self.event(slot, What::Removed));
        if !expected {
            self.entries.remove(slot);
        }
        event
    }

    /// All that serves, under the next number.
    pub(crate) fn next(&mut self) -> Serving<T> {
        self.number += 1;
        let serving = self.entries.iter().filter_map(|(slot, entry)| {
            Some((slot.clone(), Arc::clone(&entry.serving.as_ref()?.loaded)))
        });
        Serving {
            number: self.number,
            plugins: serving.collect(),
        }
    }

    pub(crate) fn reports(&self) -> Vec<PluginReport> {
        self.entries
            .iter()
            .map(|(slot, entry)| entry.report(slot))
            .collect()
    }

    fn entry(&mut self, slot: Slot, now: f64) -> &mut Entry<T> {
        self.entries.entry(slot).or_insert_with(|| Entry {
            serving: None,
            failed: None,
            since: now,
        })
    }

    fn event(&mut self, slot: &Slot, what: What) -> PluginEvent {
        let now = self.entries.get(slot).map_or(0.0, |entry| entry.since);
        PluginEvent {
            what,
            plugin: self.entry(slot.clone(), now).report(slot),
        }
    }
}

impl<T> Entry<T> {
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
            candidate: self.failed.as_ref().map(|failed| failed.report.clone()),
        }
    }
}
