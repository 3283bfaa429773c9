//! A client that keeps asking although it is refused is shown the door (close code 4008).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Refusals within [`WITHIN`] that close a session.
const MOST: usize = 60;
const WITHIN: Duration = Duration::from_secs(60);

/// The newest refusals of one session.
#[derive(Debug, Default)]
pub struct RefusalWindow {
    times: VecDeque<Instant>,
}

impl RefusalWindow {
    /// Counts a refusal; true: it is the 60th within 60 s, close the session.
    #[must_use]
    pub fn refused(&mut self, now: Instant) -> bool {
        if self.times.len() == MOST {
            self.times.pop_front();
        }
        self.times.push_back(now);
        let first = self.times.front().copied().unwrap_or(now);
        self.times.len() == MOST && now.saturating_duration_since(first) <= WITHIN
    }
}
