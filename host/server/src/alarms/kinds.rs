//! At most one alarm a minute of each kind is told, and none is forgotten: what comes meanwhile is counted, and told with the newest of it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use slewgate_security::log::SecurityEvent;

/// How often one of a kind is told.
const AGAIN: Duration = Duration::from_secs(60);

/// What ends the words of a reason that all of its kind have: what is said behind is of this one alone.
const DETAILS: &str = ": ";

/// The kinds of the current minute.
#[derive(Default)]
pub(super) struct Kinds(HashMap<Kind, Told>);

/// What makes two alarms of one kind: what they are about, and how their reasons begin, of which only letters count: numbers change.
#[derive(PartialEq, Eq, Hash)]
struct Kind {
    subject: Option<String>,
    begins: Option<String>,
}

struct Told {
    at: Instant,
    untold: u64,
    /// The newest that was not told.
    newest: Option<SecurityEvent>,
}

impl Kinds {
    /// The alarm, where it is to be told at once.
    pub(super) fn take(&mut self, event: SecurityEvent, now: Instant) -> Option<SecurityEvent> {
        let Some(told) = self.0.get_mut(&Kind::of(&event)) else {
            self.0.insert(Kind::of(&event), Told::at(now));
            return Some(event);
        };
        told.untold += event.count.unwrap_or(1);
        told.newest = Some(event);
        None
    }

    /// What was not told in the minutes that are over: the newest of each kind, with how many they were. They begin another minute.
    pub(super) fn over(&mut self, now: Instant) -> Vec<SecurityEvent> {
        let mut due = Vec::new();
        self.0.retain(|_, told| {
            if now < told.at + AGAIN {
                return true;
            }
            let newest = told.newest.take();
            let count = std::mem::take(&mut told.untold);
            told.at = now;
            let is_told = newest.is_some();
            due.extend(newest.map(|newest| newest.count(count)));
            is_told
        });
        due
    }

    /// When the first minute ends.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().map(|told| told.at + AGAIN).min()
    }
}

impl Kind {
    fn of(event: &SecurityEvent) -> Self {
        let begins = event.reason.as_deref().map(|reason| {
            let begins = reason.split(DETAILS).next().unwrap_or_default();
            begins.chars().filter(|it| it.is_alphabetic()).collect()
        });
        let subject = event.subject.clone();
        Self { subject, begins }
    }
}

impl Told {
    fn at(at: Instant) -> Self {
        Self {
            at,
            untold: 0,
            newest: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use slewgate_security::log::EventKind;

    use super::*;

    fn alarm(subject: &str, reason: &str) -> SecurityEvent {
        let event = SecurityEvent::new(EventKind::Alarm).subject(subject);
        event.reason(reason)
    }

    #[test]
    fn one_of_a_kind_is_told_at_once_and_the_rest_a_minute_later_with_the_newest_and_how_many_they_were()
     {
        let (mut kinds, start) = (Kinds::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let limit = |degrees: u64| {
            let reason = format!("limit: the mount points {degrees} degrees below it");
            alarm("mount", &reason)
        };
        assert_eq!(kinds.next(), None);
        assert_eq!(kinds.take(limit(0), at(0)), Some(limit(0)));
        for second in 1..59 {
            assert_eq!(kinds.take(limit(second), at(second)), None);
        }
        assert_eq!(kinds.next(), Some(at(60)));
        assert_eq!(kinds.over(at(59)), []);
        assert_eq!(kinds.over(at(60)), [limit(58).count(58)]);
        // That was the one of another minute.
        assert_eq!(kinds.take(limit(59), at(61)), None);
        assert_eq!(kinds.over(at(119)), []);
        assert_eq!(kinds.over(at(120)), [limit(59).count(1)]);
        assert_eq!(kinds.over(at(180)), []);
        assert_eq!(kinds.next(), None);
        assert_eq!(kinds.take(limit(60), at(181)), Some(limit(60)));
    }

    #[test]
    fn what_changes_in_a_reason_makes_no_other_kind_and_another_subject_or_sort_does() {
        let (mut kinds, now) = (Kinds::default(), Instant::now());
        let kinds_of = [
            alarm("mount", "limit: the mount is 3 degrees above the horizon"),
            alarm("focuser", "limit: the mount is 3 degrees above the horizon"),
            alarm("mount", "runaway: the mount is 3 degrees above the horizon"),
            alarm(
                "log",
                "the security log ends with line 7, and went up to line 9: somebody cut it off",
            ),
        ];
        for event in kinds_of {
            assert!(kinds.take(event.clone(), now).is_some(), "{event:?}");
        }
        let same = [
            alarm("mount", "limit: the mount is 2.5 degrees above the horizon"),
            alarm("mount", "limit: the mount is on the other side of its pier"),
            alarm(
                "log",
                "the security log ends with line 41, and went up to line 400: somebody cut it off",
            ),
        ];
        for event in same {
            assert_eq!(kinds.take(event.clone(), now), None, "{event:?}");
        }
    }

    #[test]
    fn alarms_that_stand_for_several_are_counted_as_so_many() {
        let (mut kinds, now) = (Kinds::default(), Instant::now());
        let lost = SecurityEvent::new(EventKind::Alarm).reason("notices were not put on record");
        kinds.take(lost.clone().count(5), now);
        for _ in 0..2 {
            kinds.take(lost.clone().count(7), now);
        }
        assert_eq!(kinds.over(now + AGAIN), [lost.count(14)]);
    }
}
