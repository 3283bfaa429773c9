//! The line to an instrument: what it hears and says gets through as far as the faults of the wire let it.

mod damage;
mod faults;

pub(crate) use faults::WireFaults;

use crate::fault::Part;
use crate::instrument::Instrument;
use crate::peer::Peer;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// See the module.
pub(crate) struct Line<I> {
    instrument: Arc<Mutex<I>>,
    faults: Arc<WireFaults>,
    replies: Replies,
}

/// What is on its way back: nothing overtakes what is before it.
#[derive(Default)]
struct Replies(VecDeque<(Instant, Vec<u8>)>);

impl<I: Instrument> Line<I> {
    pub(crate) fn new(instrument: Arc<Mutex<I>>, faults: Arc<WireFaults>) -> Self {
        Self {
            instrument,
            faults,
            replies: Replies::default(),
        }
    }

    /// Whether an answer is on its way.
    pub(crate) fn is_waiting(&self) -> bool {
        self.replies.next().is_some()
    }

    /// Whether the instrument is silent. What it was about to say is lost then.
    fn hushed(&mut self, now: Instant) -> bool {
        let silent = self.faults.silent(now);
        if silent {
            self.replies = Replies::default();
        }
        silent
    }

    /// One request, from its last byte to its reply's place in the queue.
    fn exchange(&mut self, instrument: &mut I, request: &I::Request, now: Instant) {
        let text = I::text(request);
        if self.faults.loses(Part::Request, &text, now) {
            return;
        }
        let mut reply = instrument.reply(request);
        self.faults.disconnect(&text, now);
        if reply.is_empty() || self.faults.loses(Part::Reply, &text, now) {
            return;
        }
        self.faults.damage(&text, &mut reply, now);
        let later = self.faults.delay(&text, now);
        self.replies.push(now + later, reply);
    }
}

impl<I: Instrument> Peer for Line<I> {
    fn hear(&mut self, bytes: &[u8], now: Instant) {
        if bytes.is_empty() {
            return;
        }
        if self.hushed(now) {
            self.faults.note_unheard(now);
            return;
        }
        let instrument = Arc::clone(&self.instrument);
        let mut instrument = instrument.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            if !I::HEARS_WHILE_IT_ANSWERS && self.replies.are_late(now) {
                return;
            }
            if let Some(request) = instrument.hear(*byte) {
                self.exchange(&mut instrument, &request, now);
            }
            if self.faults.away(now).is_some() {
                return;
            }
        }
    }

    fn say(&mut self, now: Instant) -> Vec<u8> {
        if self.faults.were_cleared() {
            self.replies.hurry(now);
        }
        let mut said = self.faults.babble(now);
        if self.hushed(now) {
            return Vec::new();
        }
        said.extend(self.replies.due(now));
        said
    }

    fn next(&self) -> Option<Instant> {
        let both = [self.replies.next(), self.faults.next_babble()];
        both.into_iter().flatten().min()
    }

    fn away(&mut self, now: Instant) -> Option<Duration> {
        let away = self.faults.away(now);
        if away.is_some() {
            self.replies = Replies::default();
        }
        away
    }
}

/// So many replies can be on their way; those after them are lost.
const MOST_REPLIES: usize = 1024;

impl Replies {
    fn push(&mut self, at: Instant, reply: Vec<u8>) {
        if self.0.len() == MOST_REPLIES {
            return;
        }
        let at = self.0.back().map_or(at, |(before, _)| at.max(*before));
        self.0.push_back((at, reply));
    }

    /// Whether any is still to come.
    fn are_late(&self, now: Instant) -> bool {
        self.0.back().is_some_and(|(at, _)| *at > now)
    }

    fn next(&self) -> Option<Instant> {
        self.0.front().map(|(at, _)| *at)
    }

    /// What is on its way is there.
    fn hurry(&mut self, now: Instant) {
        for (at, _) in &mut self.0 {
            *at = now.min(*at);
        }
    }

    fn due(&mut self, now: Instant) -> Vec<u8> {
        let mut due = Vec::new();
        while let Some((_, reply)) = self.0.pop_front_if(|(at, _)| *at <= now) {
            due.extend(reply);
        }
        due
    }
}
