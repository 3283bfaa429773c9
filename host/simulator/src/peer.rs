//! Whoever is at the other end of the line.

use std::time::{Duration, Instant};

/// Hears bytes and says some, each at its time. It never waits: it says when it is to be asked again.
pub(crate) trait Peer: Send + 'static {
    /// Takes bytes from the line.
    fn hear(&mut self, bytes: &[u8], now: Instant);

    /// What goes over the line by now.
    fn say(&mut self, now: Instant) -> Vec<u8>;

    /// When there is something to say next. None: not before it hears something, or is woken.
    fn next(&self) -> Option<Instant>;

    /// How long its device will be gone from now on. None: it is there.
    fn away(&mut self, now: Instant) -> Option<Duration>;
}
