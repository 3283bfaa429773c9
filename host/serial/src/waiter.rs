//! The one place where a line's owner waits.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Registry, Token};

/// The device's event.
pub(crate) const DEVICE: Token = Token(1);

const EVENTS_AT_ONCE: usize = 8;

/// No wait is longer, so that no moment overflows the clock.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// Waits for the device and for the queue at once.
#[derive(Debug)]
pub(crate) struct Waiter {
    poll: Poll,
    events: Events,
}

impl Waiter {
    pub(crate) fn new() -> io::Result<Waiter> {
        Ok(Waiter {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_AT_ONCE),
        })
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Waits for anything to happen; says whether it happened to the device.
    pub(crate) fn wait(&mut self, until: Option<Instant>) -> io::Result<bool> {
        let timeout = until.map(|until| until.saturating_duration_since(Instant::now()));
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(false),
            outcome => outcome.map(|()| self.events.iter().any(|event| event.token() == DEVICE)),
        }
    }
}

/// The moment that is `length` from now.
pub(crate) fn after(length: Duration) -> Instant {
    Instant::now() + length.min(LONGEST_WAIT)
}

pub(crate) fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
