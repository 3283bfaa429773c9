//! Penalties: a source that keeps failing waits outside for a while, as with OpenSSH's `PerSourcePenalties`.
//!
//! By source alone, never by token or client id, of which others could use up the patience of their owner.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::source::SourceKey;

/// Sources that are remembered; of more than those the newest are let off.
const MOST_SOURCES: usize = 65_536;
/// Between two looks for sources whose time is over, while there are too many.
const TIDY_EVERY: Duration = Duration::from_secs(1);

/// What a source did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offence {
    /// What it said of itself admits nobody.
    Authentication,
    /// It said nothing.
    Silence,
    /// It broke the protocol.
    Protocol,
}

/// What offences cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PenaltySettings {
    /// Of [`Offence::Authentication`].
    pub authentication: Duration,
    /// Of [`Offence::Silence`].
    pub silence: Duration,
    /// Of [`Offence::Protocol`].
    pub protocol: Duration,
    /// Below this it is only remembered: people mistype.
    pub least: Duration,
    /// It never is longer; zero: there are no penalties.
    pub most: Duration,
}

/// The penalties that are in force, and those that are not yet long enough.
#[derive(Debug, Default)]
pub(super) struct Penalties {
    sources: HashMap<SourceKey, Penalty>,
    tidied: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Penalty {
    until: Instant,
    /// It was long enough once, and holds to its end.
    holds: bool,
}

impl Default for PenaltySettings {
    fn default() -> Self {
        Self {
            authentication: Duration::from_secs(5),
            silence: Duration::from_secs(10),
            protocol: Duration::from_secs(10),
            least: Duration::from_secs(15),
            most: Duration::from_secs(600),
        }
    }
}

impl PenaltySettings {
    fn of(&self, offence: Offence) -> Duration {
        match offence {
            Offence::Authentication => self.authentication,
            Offence::Silence => self.silence,
            Offence::Protocol => self.protocol,
        }
    }
}

impl Penalties {
    /// Adds to what the source has. True: from now on it waits outside.
    pub(super) fn add(
        &mut self,
        settings: &PenaltySettings,
        source: SourceKey,
        offence: Offence,
        now: Instant,
    ) -> bool {
        let cost = settings.of(offence);
        if settings.most.is_zero() || cost.is_zero() || !self.has_room(source, now) {
            return false;
        }
        let penalty = self.sources.entry(source).or_insert(Penalty {
            until: now,
            holds: false,
        });
        if penalty.until <= now {
            *penalty = Penalty {
                until: now,
                holds: false,
            };
        }
        penalty.until = (penalty.until + cost).min(now + settings.most);
        let held = penalty.holds;
        penalty.holds |= penalty.until - now >= settings.least;
        penalty.holds && !held
    }

    /// How long the source still waits outside.
    pub(super) fn of(&self, source: SourceKey, now: Instant) -> Option<Duration> {
        let penalty = self.sources.get(&source).filter(|penalty| penalty.holds)?;
        let left = penalty.until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// All that are in force, the longest first.
    pub(super) fn all(&self, now: Instant) -> Vec<(SourceKey, Duration)> {
        let all = self.sources.keys();
        let mut all: Vec<_> = all
            .filter_map(|source| Some((*source, self.of(*source, now)?)))
            .collect();
        all.sort_by_key(|(source, left)| (std::cmp::Reverse(*left), *source));
        all
    }

    /// Forgets that of one source, or all; how many were in force.
    pub(super) fn clear(&mut self, source: Option<SourceKey>, now: Instant) -> usize {
        let in_force = |penalties: &Self, source| usize::from(penalties.of(source, now).is_some());
        match source {
            Some(source) => {
                let cleared = in_force(self, source);
                self.sources.remove(&source);
                cleared
            }
            None => {
                let cleared = self.all(now).len();
                self.sources.clear();
                cleared
            }
        }
    }

    fn has_room(&mut self, source: SourceKey, now: Instant) -> bool {
        if self.sources.len() < MOST_SOURCES || self.sources.contains_key(&source) {
            return true;
        }
        let is_due = |at: Instant| now.saturating_duration_since(at) >= TIDY_EVERY;
        if self.tidied.is_none_or(is_due) {
            self.tidied = Some(now);
            self.sources.retain(|_, penalty| penalty.until > now);
        }
        self.sources.len() < MOST_SOURCES
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::super::source_key;
    use super::*;

    fn source(number: u32) -> SourceKey {
        source_key(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number)))
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn three_failures_are_let_off_and_from_the_fourth_on_its_source_waits() {
        let (mut penalties, settings) = (Penalties::default(), PenaltySettings::default());
        let start = Instant::now();
        let at = |number| start + Duration::from_millis(10) * number;
        let failed = [0, 1, 2, 3, 4]
            .map(|number| penalties.add(&settings, source(1), Offence::Authentication, at(number)));
        assert_eq!(failed, [false, false, false, true, false]);
        assert_eq!(penalties.of(source(1), start), Some(seconds(25)));
        assert_eq!(
            penalties.of(source(1), start + seconds(24)),
            Some(seconds(1))
        );
        assert_eq!(penalties.of(source(1), start + seconds(25)), None);
        assert_eq!(penalties.of(source(2), start), None);
    }

    #[test]
    fn failures_that_are_far_apart_never_add_up() {
        let (mut penalties, settings) = (Penalties::default(), PenaltySettings::default());
        let start = Instant::now();
        for number in 0..100 {
            let at = start + seconds(6) * number;
            assert!(!penalties.add(&settings, source(1), Offence::Authentication, at));
            assert_eq!(penalties.of(source(1), at), None);
        }
    }

    #[test]
    fn a_penalty_is_ten_minutes_at_most_and_begins_anew_after_its_end() {
        let (mut penalties, settings) = (Penalties::default(), PenaltySettings::default());
        let now = Instant::now();
        for _ in 0..1_000 {
            penalties.add(&settings, source(1), Offence::Protocol, now);
        }
        assert_eq!(penalties.of(source(1), now), Some(seconds(600)));
        let after = now + seconds(600);
        assert!(!penalties.add(&settings, source(1), Offence::Protocol, after));
        assert_eq!(penalties.of(source(1), after), None);
    }

    #[test]
    fn they_are_listed_and_cleared_by_source_or_all() {
        let (mut penalties, settings) = (Penalties::default(), PenaltySettings::default());
        let now = Instant::now();
        for (number, times) in [(1, 3), (2, 4), (3, 1)] {
            for _ in 0..times {
                penalties.add(&settings, source(number), Offence::Silence, now);
            }
        }
        let all = penalties.all(now);
        assert_eq!(all, [(source(2), seconds(40)), (source(1), seconds(30))]);
        assert_eq!(penalties.clear(Some(source(2)), now), 1);
        assert_eq!(penalties.clear(Some(source(9)), now), 0);
        assert_eq!(penalties.clear(None, now), 1);
        assert_eq!(penalties.all(now), []);
    }

    #[test]
    fn a_million_sources_cost_no_more_memory_than_those_that_are_remembered() {
        let (mut penalties, settings) = (Penalties::default(), PenaltySettings::default());
        let now = Instant::now();
        for number in 0..1_000_000 {
            penalties.add(&settings, source(number), Offence::Protocol, now);
        }
        assert_eq!(penalties.sources.len(), MOST_SOURCES);
        // Once the time of those is over, there is room again.
        let later = now + seconds(11);
        for _ in 0..2 {
            penalties.add(&settings, source(2_000_000), Offence::Protocol, later);
        }
        assert!(penalties.of(source(2_000_000), later).is_some());
    }

    #[test]
    fn without_a_longest_one_there_are_none() {
        let mut penalties = Penalties::default();
        let settings = PenaltySettings {
            most: Duration::ZERO,
            ..PenaltySettings::default()
        };
        let now = Instant::now();
        for _ in 0..100 {
            assert!(!penalties.add(&settings, source(1), Offence::Protocol, now));
        }
        assert_eq!(penalties.of(source(1), now), None);
    }
}
