//! Answers from a recording.

use super::Recording;
use super::recording::Turn;
use crate::peer::Peer;
use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

/// A request that is not the next of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The next request of the recording, and its line in the file. None: the recording is over.
    pub expected: Option<(usize, Vec<u8>)>,
    /// What came instead.
    pub found: Vec<u8>,
    /// The line where the recording has what came, and goes on. None: it has it no more, and nothing is answered.
    pub goes_on: Option<usize>,
}

/// See [`super::Replay`].
pub(super) struct Player<R> {
    turns: Vec<Turn>,
    /// The next of them.
    next: usize,
    fast: bool,
    report: R,
    /// What was heard and belongs to no request yet, and since when.
    heard: Vec<u8>,
    since: Instant,
    replies: VecDeque<(Instant, Vec<u8>)>,
}

/// How long what may be the beginning of a request is waited with. Programs write a request at once.
const INCOMPLETE: Duration = Duration::from_secs(1);

impl<R: FnMut(Difference) + Send + 'static> Player<R> {
    pub(super) fn new(recording: Recording, fast: bool, report: R) -> Self {
        let now = Instant::now();
        let mut player = Self {
            turns: recording.turns,
            next: 0,
            fast,
            report,
            heard: Vec::new(),
            since: now,
            replies: VecDeque::new(),
        };
        player.play(now);
        player
    }

    /// Plays the replies of the next turn.
    fn play(&mut self, now: Instant) {
        let Some(turn) = self.turns.get_mut(self.next) else {
            return;
        };
        for (later, reply) in std::mem::take(&mut turn.replies) {
            let later = if self.fast { Duration::ZERO } else { later };
            self.replies.push_back((now + later, reply));
        }
        self.next += 1;
    }

    /// Answers what was heard, as far as it is whole.
    fn follow(&mut self, now: Instant) {
        while !self.heard.is_empty() {
            let ahead = &self.turns[self.next..];
            if let Some(turn) = ahead.first().filter(|turn| turn.is_heard(&self.heard)) {
                self.heard.drain(..turn.request.len());
                self.play(now);
            } else if ahead
                .iter()
                .any(|turn| turn.request.starts_with(&self.heard))
            {
                return;
            } else {
                self.differ(now);
            }
        }
    }

    /// Reports what was heard, and goes on where the recording has it, or where it makes sense again.
    fn differ(&mut self, now: Instant) {
        let ahead = &self.turns[self.next..];
        let expected = ahead
            .first()
            .map(|turn| (turn.number, turn.request.clone()));
        let later = ahead.iter().position(|turn| turn.is_heard(&self.heard));
        let length = later.map_or_else(|| self.nonsense(), |at| ahead[at].request.len());
        let goes_on = later.map(|at| ahead[at].number);
        let found = self.heard.drain(..length).collect();
        (self.report)(Difference {
            expected,
            found,
            goes_on,
        });
        if let Some(at) = later {
            self.next += at;
            self.play(now);
        }
    }

    /// How many bytes go before what may be the next request; all if nothing does.
    fn nonsense(&self) -> usize {
        let request = self.turns.get(self.next).map(|turn| &turn.request);
        let fits = |at: &usize| {
            let rest = &self.heard[*at..];
            request.is_some_and(|request| rest.starts_with(request) || request.starts_with(rest))
        };
        (1..self.heard.len()).find(fits).unwrap_or(self.heard.len())
    }

    /// When what was heard is a request of its own, though the recording has longer ones.
    fn gives_up(&self) -> Option<Instant> {
        (!self.heard.is_empty()).then(|| self.since + INCOMPLETE)
    }
}

impl<R: FnMut(Difference) + Send + 'static> Peer for Player<R> {
    fn hear(&mut self, bytes: &[u8], now: Instant) {
        if !bytes.is_empty() {
            self.heard.extend(bytes);
            self.since = now;
            self.follow(now);
        }
    }

    fn say(&mut self, now: Instant) -> Vec<u8> {
        if self.gives_up().is_some_and(|at| at <= now) {
            self.differ(now);
            self.follow(now);
        }
        let mut said = Vec::new();
        while let Some((_, reply)) = self.replies.pop_front_if(|(at, _)| *at <= now) {
            said.extend(reply);
        }
        said
    }

    fn next(&self) -> Option<Instant> {
        let reply = self.replies.front().map(|(at, _)| *at);
        reply.into_iter().chain(self.gives_up()).min()
    }

    fn away(&mut self, _now: Instant) -> Option<Duration> {
        None
    }
}

impl Turn {
    /// Whether what was heard begins with its request.
    fn is_heard(&self, heard: &[u8]) -> bool {
        heard.starts_with(&self.request)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expected {
            Some((number, request)) => {
                write!(f, "line {number}: expected \"{}\"", request.escape_ascii())?;
            }
            None => write!(f, "the recording is over")?,
        }
        write!(f, ", found \"{}\"; ", self.found.escape_ascii())?;
        match self.goes_on {
            Some(number) => write!(f, "going on at line {number}"),
            None => write!(f, "no answer"),
        }
    }
}
