//! Replies that are still to come though nobody waits for them any longer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::QUIET;
use crate::exchange::{Framing, LONGEST_REPLY};

/// A reply that takes so many times as long as others did of late will not come.
const LATE: u32 = 2;

/// The least that is waited for where others tell nothing: for hardware that thinks before it moves, brakes before it answers a stop, or
/// has answered nothing yet. A Classic thinks for a second.
const THINKING: Duration = Duration::from_millis(1500);

/// What a slow reply tells of the next ones fades by this part with each that is faster.
const REMEMBERED: u32 = 4;

/// What a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Question,
    /// What may move the hardware, which thinks before it answers.
    Order,
    Stop,
}

/// Oldest first: none of them is to be taken for one that is asked for later.
#[derive(Debug, Default)]
pub(super) struct OwedReplies {
    replies: VecDeque<Owed>,
    /// How long replies to questions took of late; none: there was none.
    took: Option<Duration>,
}

#[derive(Debug)]
struct Owed {
    asked: Asked,
    /// What of it is still to come.
    reply: Framing,
    /// After this it will not.
    until: Instant,
}

impl OwedReplies {
    /// One came in its time. A question's that was slow is remembered for some.
    pub(super) fn note(&mut self, asked: Asked, took: Duration) {
        if asked == Asked::Question {
            let before = self.took.unwrap_or_default();
            self.took = Some(took.max(before - before / REMEMBERED));
        }
    }

    /// An exchange was cut whose request the device has since then. Its reply may be lost, and the line is nobody's meanwhile: it is waited
    /// for no longer than by its own exchange, and than is likely.
    pub(super) fn owe(&mut self, asked: Asked, since: Instant, reply: Framing, timeout: Duration) {
        let likely = match self.took {
            Some(took) if asked == Asked::Question => (took * LATE).max(QUIET),
            took => (took.unwrap_or_default() * LATE).max(THINKING),
        };
        let until = since + likely.min(timeout).min(LONGEST_REPLY);
        if reply != Framing::None {
            self.replies.push_back(Owed {
                asked,
                reply,
                until,
            });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Whether any is of something else than a stop.
    pub(super) fn any_but_of_stops(&self) -> bool {
        self.replies.iter().any(|owed| owed.asked != Asked::Stop)
    }

    /// When none of them will come any longer.
    pub(super) fn until(&self) -> Option<Instant> {
        self.replies.iter().map(|owed| owed.until).max()
    }

    /// Those that will not come any longer are forgotten.
    pub(super) fn expire(&mut self) {
        let now = Instant::now();
        self.replies.retain(|owed| owed.until > now);
    }

    pub(super) fn clear(&mut self) {
        self.replies.clear();
    }

    /// Discards what came: it is of these, as far as there are any.
    pub(super) fn discard(&mut self, input: &mut Vec<u8>) {
        while let Some(first) = self.replies.front_mut() {
            if first.reply.take_from(input).is_none() {
                first.reply = first.reply.without(input.len());
                break;
            }
            self.replies.pop_front();
        }
        input.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: Framing = Framing::Until(b'#');
    const SECOND: Duration = Duration::from_secs(1);
    const FAST: Duration = Duration::from_millis(10);

    /// How long this is waited for, of a device whose questions took so long, the last one last.
    fn waited_for(asked: Asked, timeout: Duration, took: &[Duration]) -> Duration {
        let mut owed = OwedReplies::default();
        let since = Instant::now();
        took.iter()
            .for_each(|took| owed.note(Asked::Question, *took));
        owed.owe(asked, since, HASH, timeout);
        owed.until().unwrap() - since
    }

    #[test]
    fn a_question_is_waited_for_twice_as_long_as_others_took_of_late_and_as_a_line_is_quiet_anyway()
    {
        let question = |took: &[Duration]| waited_for(Asked::Question, LONGEST_REPLY, took);
        assert_eq!(question(&[SECOND]), 2 * SECOND);
        assert!(question(&[SECOND, FAST]) > SECOND);
        assert_eq!(
            question(&[SECOND, FAST, FAST, FAST, FAST, FAST, FAST, FAST, FAST, FAST]),
            QUIET
        );
        assert_eq!(question(&[]), THINKING);
    }

    #[test]
    fn an_order_and_a_stop_have_the_time_that_hardware_thinks() {
        for asked in [Asked::Order, Asked::Stop] {
            assert_eq!(waited_for(asked, LONGEST_REPLY, &[FAST]), THINKING);
            assert_eq!(waited_for(asked, LONGEST_REPLY, &[SECOND]), 2 * SECOND);
        }
    }

    #[test]
    fn nothing_is_waited_for_longer_than_by_its_own_exchange() {
        for asked in [Asked::Question, Asked::Order, Asked::Stop] {
            assert_eq!(waited_for(asked, FAST, &[SECOND]), FAST);
            assert_eq!(
                waited_for(asked, 90 * SECOND, &[40 * SECOND]),
                LONGEST_REPLY
            );
        }
    }

    #[test]
    fn how_long_an_order_took_tells_nothing_of_questions() {
        let mut owed = OwedReplies::default();
        let since = Instant::now();
        owed.note(Asked::Question, FAST);
        owed.note(Asked::Order, SECOND);
        owed.owe(Asked::Question, since, HASH, LONGEST_REPLY);
        assert_eq!(owed.until(), Some(since + QUIET));
    }

    #[test]
    fn what_came_pays_for_the_oldest_first_also_in_pieces() {
        let mut owed = OwedReplies::default();
        for reply in [Framing::None, Framing::Count(3), HASH] {
            owed.owe(Asked::Question, Instant::now(), reply, SECOND);
        }
        for (piece, empty) in [("ab", false), ("c12", false), ("3#new", true)] {
            let mut input = piece.as_bytes().to_vec();
            owed.discard(&mut input);
            assert_eq!((input.len(), owed.is_empty()), (0, empty), "{piece}");
        }
    }
}
