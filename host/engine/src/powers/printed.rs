//! What guests printed last: for whoever has to say why a call failed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines that are kept: a stack of Python or JavaScript ends with its cause.
const MOST: usize = 20;

/// The newest lines of one guest, or of several. Cheap to clone, and clones are one.
#[derive(Clone, Debug, Default)]
pub struct Printed(Arc<Mutex<VecDeque<String>>>);

impl Printed {
    /// One more line; the oldest goes where there are too many.
    pub(crate) fn note(&self, line: &str) {
        let mut lines = self.lines();
        if lines.len() == MOST {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// What came before belongs to another call.
    pub fn clear(&self) {
        self.lines().clear();
    }

    /// At most 20 lines since this was asked last, as they were printed, the newest last.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        self.lines().drain(..).collect()
    }

    /// Into the log, as one entry: what a call printed that failed.
    pub(crate) fn tell(&self, plugin: &str) {
        let lines = self.take();
        if !lines.is_empty() {
            let printed = lines.join("\n");
            tracing::warn!(plugin, printed, "a call fails, and printed this");
        }
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_kept_and_told_once() {
        let printed = Printed::default();
        for line in 0..MOST + 2 {
            printed.note(&line.to_string());
        }
        let lines = printed.clone().take();
        assert_eq!((lines.len(), lines[0].as_str()), (MOST, "2"));
        assert_eq!(lines[MOST - 1], "21");
        assert!(printed.take().is_empty());
    }
}
