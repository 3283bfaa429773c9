//! Whether a telescope that is guided does anything beside.
//!
//! Some mounts call a pulse motion, as they call a jog that nobody ended. Pulses follow each other without end where somebody guides,
//! so that such a mount is never seen otherwise; how fast it comes along among the stars tells the two apart.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use slewgate_sky::{Equatorial, separation};

use crate::sample::Sample;

/// Who is faster than this (degrees a second) is not only guided: four times the rate of the sky. A pulse adds that rate at most, a
/// mount that does not follow the sky falls behind by it, and the slowest rate to jog at is eight times as fast (`:RC#`, OnStep).
const GUIDED: f64 = 1.0 / 60.0;
/// Over less time than this the steps in which a mount tells its position, 15", look like a rate.
const BASE: Duration = Duration::from_secs(1);
/// Of looks that are nearer to each other than this one is kept.
const GAP: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// The newest of those that are older than [`BASE`], and what came after it.
    seen: VecDeque<(Instant, Equatorial)>,
}

impl Pace {
    /// From here on it is looked at anew.
    pub(crate) fn forget(&mut self) {
        self.seen.clear();
    }

    /// Whether it is faster than any pulse makes it. None: nobody can tell, or not yet.
    pub(crate) fn look(&mut self, sample: &Sample) -> Option<bool> {
        let Some(position) = sample.position else {
            self.forget();
            return None;
        };
        let is_base = |seen: &(Instant, Equatorial)| sample.taken >= seen.0 + BASE;
        while self.seen.get(1).is_some_and(is_base) {
            self.seen.pop_front();
        }
        let base = self.seen.front().copied().filter(is_base);
        let newest = self.seen.back().map(|newest| newest.0);
        if newest.is_none_or(|newest| sample.taken >= newest + GAP) {
            self.seen.push_back((sample.taken, position));
        }
        let (since, before) = base?;
        let seconds = sample.taken.duration_since(since).as_secs_f64();
        Some(separation(before, position) / seconds > GUIDED)
    }
}
