//! A plugin that keeps failing is not called for a while, and then longer each time: it would only hold up its callers, and hold the
//! processor against everybody else. Pure: the time is passed in.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::bounds::{MAX_CAUSE, cut};
use crate::limits::QuarantineSettings;

/// Of one generation of a plugin. Every call looks at `shut` and `strikes`, and at nothing else while all is well.
#[derive(Debug)]
pub(crate) struct Quarantine {
    settings: QuarantineSettings,
    shut: AtomicBool,
    /// Failures, less what went well since.
    strikes: AtomicU32,
    term: Mutex<Term>,
}

#[derive(Debug, Default)]
struct Term {
    /// What is so now; none while it is not quarantined.
    now: Option<Quarantined>,
    /// The newest failure that counted.
    struck: Option<Instant>,
    /// How long the newest was, and when it ended.
    length: Duration,
    over: Option<Instant>,
}

/// Why a plugin is not called now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it keeps failing and is quarantined; the newest failure: {cause}")]
pub(crate) struct Quarantined {
    /// When it is called again.
    pub(crate) until: Instant,
    /// By which the log is searched.
    pub(crate) incident: String,
    /// Why the call failed that was one too many.
    pub(crate) cause: String,
}

impl Quarantine {
    pub(crate) fn new(settings: &QuarantineSettings) -> Quarantine {
        Quarantine {
            settings: settings.clone(),
            shut: AtomicBool::new(false),
            strikes: AtomicU32::new(0),
            term: Mutex::default(),
        }
    }

    /// May it be called?
    pub(crate) fn admit(&self, now: impl FnOnce() -> Instant) -> Result<(), Quarantined> {
        if !self.shut.load(Ordering::Acquire) {
            return Ok(());
        }
        self.look(now()).map_or(Ok(()), Err)
    }

    /// Whether it is quarantined. One that has sat its time comes back, and the next failure is one too many.
    pub(crate) fn look(&self, now: Instant) -> Option<Quarantined> {
        let mut term = self.term();
        if term.now.as_ref().is_some_and(|term| term.until <= now) {
            self.end(&mut term, now, self.settings.failures.saturating_sub(1));
        }
        term.now.clone()
    }

    /// Whether failures of late were not made up for, but for a single one.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.strikes.load(Ordering::Relaxed) > 1
    }

    /// A call went well.
    pub(crate) fn went_well(&self) {
        if self.strikes.load(Ordering::Relaxed) > 0 {
            let fewer = |strikes: u32| strikes.checked_sub(1);
            // An error means that there are none left.
            _ = self
                .strikes
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
        }
    }

    /// A call failed. True: it was one too many. What fails right after another, or was under way then, changes nothing.
    pub(crate) fn failed(
        &self,
        cause: &str,
        incident: impl FnOnce() -> String,
        now: Instant,
    ) -> bool {
        let mut term = self.term();
        let apart = self.settings.apart;
        if term.now.is_some() || term.struck.is_some_and(|struck| now < struck + apart) {
            return false;
        }
        term.struck = Some(now);
        let strikes = self.strikes.fetch_add(1, Ordering::Relaxed) + 1;
        if strikes < self.settings.failures {
            return false;
        }
        let QuarantineSettings { first, longest, .. } = self.settings;
        let lately = term.over.is_some_and(|over| now < over + longest);
        term.length = if lately {
            (term.length * 2).min(longest)
        } else {
            first
        };
        term.now = Some(Quarantined {
            until: now + term.length,
            incident: incident(),
            cause: cut(cause, MAX_CAUSE),
        });
        self.shut.store(true, Ordering::Release);
        true
    }

    /// Somebody trusts it again, with nothing held against it. False: it was not quarantined.
    pub(crate) fn release(&self, now: Instant) -> bool {
        let mut term = self.term();
        let released = term.now.is_some();
        if released {
            self.end(&mut term, now, 0);
            term.over = None;
        }
        released
    }

    fn end(&self, term: &mut Term, now: Instant, strikes: u32) {
        term.now = None;
        term.struck = None;
        term.over = Some(now);
        self.strikes.store(strikes, Ordering::Relaxed);
        self.shut.store(false, Ordering::Release);
    }

    fn term(&self) -> MutexGuard<'_, Term> {
        self.term.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn quarantine() -> Quarantine {
        Quarantine::new(&QuarantineSettings {
            failures: 3,
            apart: Duration::ZERO,
            first: SECOND,
            longest: SECOND * 8,
        })
    }

    fn fails(quarantine: &Quarantine, now: Instant) -> bool {
        quarantine.failed("a trap", || "1-1".into(), now)
    }

    /// Fails until it is not called any more: for how long.
    fn keeps_failing(quarantine: &Quarantine, now: Instant) -> Duration {
        while !fails(quarantine, now) {}
        quarantine.look(now).unwrap().until - now
    }

    #[test]
    fn a_plugin_that_keeps_failing_is_not_called_until_its_time_is_over() {
        let (quarantine, now) = (quarantine(), Instant::now());
        assert!(!fails(&quarantine, now) && !fails(&quarantine, now));
        assert_eq!(quarantine.admit(|| now), Ok(()));
        assert!(fails(&quarantine, now));
        let refused = quarantine.admit(|| now).unwrap_err();
        assert_eq!(
            (refused.until, refused.cause),
            (now + SECOND, "a trap".into())
        );
        assert_eq!(quarantine.admit(|| now + SECOND), Ok(()));
    }

    #[test]
    fn what_fails_all_at_once_fails_once() {
        let quarantine = Quarantine::new(&QuarantineSettings::default());
        let now = Instant::now();
        assert!((0..100).all(|_| !fails(&quarantine, now)));
        let apart = |count: u32| now + Duration::from_millis(100) * count;
        assert!((1..4).all(|count| !fails(&quarantine, apart(count))));
        assert!(fails(&quarantine, apart(4)));
    }

    #[test]
    fn what_went_well_makes_up_for_what_failed() {
        let (quarantine, now) = (quarantine(), Instant::now());
        for _ in 0..100 {
            assert!(!fails(&quarantine, now) && !fails(&quarantine, now));
            (0..2).for_each(|_| quarantine.went_well());
        }
        quarantine.went_well();
        assert!(!fails(&quarantine, now), "a success is not saved up");
    }

    #[test]
    fn what_comes_back_and_fails_at_once_is_gone_for_twice_as_long_up_to_the_longest() {
        let (quarantine, mut now) = (quarantine(), Instant::now());
        keeps_failing(&quarantine, now);
        for length in [2, 4, 8, 8] {
            now = quarantine.look(now).unwrap().until;
            assert_eq!(quarantine.admit(|| now), Ok(()));
            assert!(fails(&quarantine, now), "one failure is too many");
            assert_eq!(quarantine.look(now).unwrap().until, now + SECOND * length);
        }
    }

    #[test]
    fn what_was_well_for_long_begins_with_the_first_term_again() {
        let (quarantine, now) = (quarantine(), Instant::now());
        keeps_failing(&quarantine, now);
        let back = now + SECOND;
        quarantine.admit(|| back).unwrap();
        assert_eq!(keeps_failing(&quarantine, back + SECOND * 8), SECOND);
    }

    #[test]
    fn what_fails_late_prolongs_nothing() {
        let (quarantine, now) = (quarantine(), Instant::now());
        keeps_failing(&quarantine, now);
        assert!(!fails(&quarantine, now + SECOND / 2));
        assert_eq!(quarantine.look(now + SECOND), None);
    }

    #[test]
    fn what_was_released_by_hand_has_nothing_held_against_it() {
        let (quarantine, now) = (quarantine(), Instant::now());
        assert!(!quarantine.release(now));
        keeps_failing(&quarantine, now);
        assert!(quarantine.release(now));
        assert_eq!(quarantine.admit(|| now), Ok(()));
        assert!(!quarantine.is_in_doubt());
        assert_eq!(keeps_failing(&quarantine, now), SECOND);
    }
}
