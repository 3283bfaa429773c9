//! What the calls of a handler were answered on their lines.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use slewgate_serial::Tap;

/// Listens in on the lines of one table.
#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Whose exchange it is.
    by: String,
    /// Answers by call, such as `handle goto`.
    answers: BTreeMap<String, usize>,
}

impl Heard {
    /// How many pieces of answers a call got since this was asked last.
    pub(crate) fn take(&self, call: &str) -> usize {
        self.counts().answers.remove(call).unwrap_or_default()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap for Heard {
    /// `by` is the table's name and the call.
    fn sent(&self, _: &[u8], by: &str) {
        let call = by.split_once(' ').map_or(by, |(_, call)| call);
        call.clone_into(&mut self.counts().by);
    }

    fn received(&self, _: &[u8]) {
        let mut counts = self.counts();
        let by = counts.by.clone();
        *counts.answers.entry(by).or_default() += 1;
    }

    fn opened(&self) {}

    fn lost(&self, _: &str) {}
}
