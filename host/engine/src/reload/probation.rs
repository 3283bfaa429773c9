//! How a new version has to prove itself: in its first minute it may not fail more often than its predecessor did.

use std::time::Instant;

use crate::usage::Usage;

/// Failures below which nothing is concluded.
const FEW: u64 = 2;

/// What became of the calls of a plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Calls that ended.
    pub(crate) calls: u64,
    /// Those that trapped, or ran out of their time or memory. What a plugin refuses is no failure.
    pub(crate) failures: u64,
}

/// The first time of a version that took another's place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probation {
    /// When it is over.
    pub(crate) until: Instant,
    /// Its own calls before it served.
    pub(crate) probed: Tally,
    /// Those of its predecessor.
    pub(crate) predecessor: Tally,
}

impl From<Usage> for Tally {
    fn from(usage: Usage) -> Tally {
        Tally {
            calls: usage.calls,
            failures: usage.failures,
        }
    }
}

impl Probation {
    /// Why the version is not to serve on, if it is not to: its failures, as a sentence.
    pub(crate) fn judge(&self, now: Tally) -> Option<String> {
        let own = Tally {
            calls: now.calls.saturating_sub(self.probed.calls),
            failures: now.failures.saturating_sub(self.probed.failures),
        };
        let Tally { calls, failures } = self.predecessor;
        (own.failures >= FEW && own.is_worse_than(self.predecessor)).then(|| {
            format!(
                "{} of its first {} calls failed; of its predecessor's {calls} calls {failures} did",
                own.failures, own.calls
            )
        })
    }
}

impl Tally {
    /// Of the calls a greater share failed.
    fn is_worse_than(self, other: Tally) -> bool {
        let share =
            |one: Tally, other: Tally| u128::from(one.failures) * u128::from(other.calls.max(1));
        share(self, other) > share(other, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(calls: u64, failures: u64) -> Tally {
        Tally { calls, failures }
    }

    fn after(predecessor: Tally) -> Probation {
        Probation {
            until: Instant::now(),
            probed: tally(1, 0),
            predecessor,
        }
    }

    #[test]
    fn who_fails_more_often_than_its_predecessor_is_not_to_serve_on() {
        let said = after(tally(1000, 0)).judge(tally(11, 2)).unwrap();
        assert_eq!(
            said,
            "2 of its first 10 calls failed; of its predecessor's 1000 calls 0 did"
        );
        assert!(after(tally(1000, 100)).judge(tally(11, 2)).is_some());
    }

    #[test]
    fn who_fails_no_more_often_stays() {
        assert_eq!(after(tally(10, 5)).judge(tally(101, 50)), None);
        assert_eq!(after(tally(1000, 1)).judge(tally(100_001, 2)), None);
    }

    #[test]
    fn one_failure_is_no_reason() {
        assert_eq!(after(tally(1000, 0)).judge(tally(2, 1)), None);
    }
}
