//! What each type of client was allowed last, and when a policy is asked again that did not answer everything. Pure: the time is passed
//! in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::asking::Heard;

/// How long after a question without an answer a policy is asked again; then twice as long as the time before.
const FIRST: Duration = Duration::from_secs(2);

/// How often it is asked again, within some eight minutes: one that fails whenever it is asked would never be done.
const TRIES: u32 = 8;

/// Methods by client type.
pub(super) type Allowed = BTreeMap<String, BTreeSet<String>>;

/// Of the policy that answered, and of the handlers whose commands it was asked about.
pub(super) type Generations = (u64, Vec<u64>);

/// See the module.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Whether a type of client that was never asked about may do nothing; otherwise nobody knows.
    known: bool,
    entries: BTreeMap<String, Entry>,
}

/// One type's.
#[derive(Debug, Default)]
struct Entry {
    generations: Generations,
    /// What a policy allowed when it answered last; none while that is not known.
    allowed: Option<BTreeSet<String>>,
    /// How often these generations were asked.
    tries: u32,
    /// When they are asked again; none: all is answered, or it was tried often enough.
    again: Option<Instant>,
}

impl Ledger {
    /// Knowing what was allowed before; none: nothing is known.
    pub(super) fn new(before: Option<&Allowed>) -> Ledger {
        let entry = |(client_type, allowed): (&String, &BTreeSet<String>)| {
            let entry = Entry {
                allowed: Some(allowed.clone()),
                ..Entry::default()
            };
            (client_type.clone(), entry)
        };
        Ledger {
            known: before.is_some(),
            entries: before.into_iter().flatten().map(entry).collect(),
        }
    }

    /// Whether these are to be asked now.
    pub(super) fn is_due(
        &self,
        client_type: &str,
        generations: &Generations,
        now: Instant,
    ) -> bool {
        self.entries.get(client_type).is_none_or(|entry| {
            entry.generations != *generations || entry.again.is_some_and(|again| again <= now)
        })
    }

    /// Takes what they answered: what they allow that was not allowed before. A question without an answer changes nothing.
    pub(super) fn take(
        &mut self,
        client_type: &str,
        generations: Generations,
        heard: Heard,
        now: Instant,
    ) -> Vec<String> {
        let unheard_of = self.known.then(BTreeSet::new);
        let entry = self.entries.entry(client_type.to_owned());
        let entry = entry.or_insert_with(|| Entry {
            allowed: unheard_of,
            ..Entry::default()
        });
        entry.note_try(generations, &heard, now);
        let Some(before) = &entry.allowed else {
            // What is compared with later is all that is allowed, not what was answered by chance.
            if entry.again.is_none() {
                entry.allowed = Some(heard.allowed);
            }
            return Vec::new();
        };
        let widens = heard.allowed.difference(before).cloned().collect();
        let still = before & &heard.unanswered;
        entry.allowed = Some(&heard.allowed | &still);
        widens
    }

    /// A policy that was not called is called again.
    pub(super) fn released(&mut self, client_type: &str, now: Instant) {
        if let Some(entry) = self.entries.get_mut(client_type) {
            entry.again = entry.again.map(|_| now);
        }
    }

    /// Everything was asked once. Whose policy is gone may do nothing: another is compared with that.
    pub(super) fn keep_only(&mut self, serves: impl Fn(&str) -> bool) {
        self.known = true;
        self.entries.retain(|client_type, _| serves(client_type));
    }

    /// When somebody is to be asked again.
    pub(super) fn next(&self) -> Option<Instant> {
        self.entries.values().filter_map(|entry| entry.again).min()
    }

    /// When this one is.
    pub(super) fn again(&self, client_type: &str) -> Option<Instant> {
        self.entries.get(client_type)?.again
    }

    /// All that is known.
    pub(super) fn allowed(&self) -> Allowed {
        let known = |(client_type, entry): (&String, &Entry)| {
            Some((client_type.clone(), entry.allowed.clone()?))
        };
        self.entries.iter().filter_map(known).collect()
    }
}

impl Entry {
    fn note_try(&mut self, generations: Generations, heard: &Heard, now: Instant) {
        if self.generations != generations {
            self.generations = generations;
            self.tries = 0;
        }
        self.again = None;
        if !heard.unanswered.is_empty() && self.tries < TRIES {
            let pause = now + FIRST * 2_u32.pow(self.tries);
            self.again = Some(heard.back.map_or(pause, |back| back.max(pause)));
            self.tries += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn set(methods: &[&str]) -> BTreeSet<String> {
        methods.iter().map(|method| (*method).to_owned()).collect()
    }

    fn heard(allowed: &[&str], unanswered: &[&str]) -> Heard {
        Heard {
            allowed: set(allowed),
            unanswered: set(unanswered),
            ..Heard::default()
        }
    }

    /// Takes what this version of the visitors' policy answered.
    fn take(ledger: &mut Ledger, version: u64, heard: Heard) -> Vec<String> {
        ledger.take("visitor", (version, vec![1]), heard, Instant::now())
    }

    /// What visitors might do before the start.
    fn knowing(allowed: &[&str]) -> Ledger {
        Ledger::new(Some(&Allowed::from([("visitor".into(), set(allowed))])))
    }

    #[test]
    fn what_was_allowed_before_the_start_is_compared_with_what_is_allowed_then() {
        let mut ledger = knowing(&["look"]);
        assert_eq!(
            take(&mut ledger, 1, heard(&["look", "park"], &[])),
            ["park"]
        );
        assert_eq!(ledger.allowed()["visitor"], set(&["look", "park"]));
        assert!(take(&mut ledger, 2, heard(&["park"], &[])).is_empty());
        assert_eq!(take(&mut ledger, 3, heard(&["look"], &[])), ["look"]);
    }

    #[test]
    fn where_nothing_is_known_the_first_answers_are_no_news_and_those_of_a_later_type_are() {
        let mut ledger = Ledger::new(None);
        assert!(take(&mut ledger, 1, heard(&["look"], &[])).is_empty());
        ledger.keep_only(|_| true);
        let of_a_guest = (2, vec![1]);
        let widens = ledger.take("guest", of_a_guest, heard(&["look"], &[]), Instant::now());
        assert_eq!(widens, ["look"]);
    }

    #[test]
    fn a_type_that_nobody_knew_of_before_the_start_could_do_nothing() {
        let mut ledger = Ledger::new(Some(&Allowed::new()));
        assert_eq!(take(&mut ledger, 1, heard(&["look"], &[])), ["look"]);
    }

    #[test]
    fn whose_policy_is_gone_may_do_nothing() {
        let mut ledger = knowing(&["look"]);
        ledger.keep_only(|_| false);
        assert_eq!(take(&mut ledger, 1, heard(&["look"], &[])), ["look"]);
    }

    #[test]
    fn a_question_without_an_answer_is_neither_allowed_nor_denied() {
        let mut ledger = knowing(&["look"]);
        assert!(take(&mut ledger, 1, heard(&[], &["look", "park"])).is_empty());
        assert_eq!(ledger.allowed()["visitor"], set(&["look"]));
        assert!(take(&mut ledger, 2, heard(&["look"], &["park"])).is_empty());
        assert_eq!(
            take(&mut ledger, 2, heard(&["look", "park"], &[])),
            ["park"]
        );
    }

    #[test]
    fn where_nothing_is_known_only_whole_answers_are_compared_with() {
        let mut ledger = Ledger::new(None);
        assert!(take(&mut ledger, 1, heard(&["look"], &["park"])).is_empty());
        ledger.keep_only(|_| true);
        assert!(ledger.allowed().is_empty());
        assert!(take(&mut ledger, 1, heard(&["look", "park"], &[])).is_empty());
        assert_eq!(ledger.allowed()["visitor"], set(&["look", "park"]));
    }

    #[test]
    fn what_was_not_answered_is_asked_again_later_and_later_and_not_for_ever() {
        let (mut ledger, mut now) = (knowing(&[]), Instant::now());
        let generations = (1, vec![1]);
        for pause in [2, 4, 8, 16, 32, 64, 128, 256] {
            assert!(ledger.is_due("visitor", &generations, now));
            ledger.take("visitor", generations.clone(), heard(&[], &["park"]), now);
            assert!(!ledger.is_due("visitor", &generations, now + SECOND));
            assert_eq!(ledger.next(), Some(now + SECOND * pause));
            now += SECOND * pause;
        }
        ledger.take("visitor", generations.clone(), heard(&[], &["park"]), now);
        assert_eq!(ledger.next(), None);
        ledger.released("visitor", now);
        assert_eq!(
            ledger.next(),
            None,
            "it would fail and be released for ever"
        );
        assert!(ledger.is_due("visitor", &(2, vec![1]), now));
    }

    #[test]
    fn a_quarantined_policy_is_asked_when_it_is_back_or_released() {
        let (mut ledger, now) = (knowing(&[]), Instant::now());
        let back = Some(now + SECOND * 60);
        let quarantined = Heard {
            back,
            ..heard(&[], &["park"])
        };
        take(&mut ledger, 1, quarantined);
        assert_eq!(ledger.next(), back);
        ledger.released("visitor", now);
        assert!(ledger.is_due("visitor", &(1, vec![1]), now));
    }

    #[test]
    fn what_is_answered_is_not_asked_again() {
        let mut ledger = knowing(&[]);
        take(&mut ledger, 1, heard(&[], &["park"]));
        take(&mut ledger, 1, heard(&["park"], &[]));
        assert_eq!(ledger.next(), None);
        ledger.released("visitor", Instant::now());
        assert!(!ledger.is_due("visitor", &(1, vec![1]), Instant::now()));
    }
}
