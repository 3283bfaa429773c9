//! The one source of wall-clock time. It is passed in everywhere, so that tests and simulators choose it.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A clock that many threads share.
pub type SharedClock = Arc<dyn Clock>;

/// Tells what time it is.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00Z (UTC without its leap seconds, as computers count).
    fn now(&self) -> f64;

    /// Seconds of this clock for each second that passes.
    fn rate(&self) -> f64 {
        1.0
    }
}

/// The clock of the computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A clock that starts at a chosen instant and runs at a chosen rate.
#[derive(Clone, Copy, Debug)]
pub struct ScaledClock {
    started: Instant,
    start_ms: f64,
    rate: f64,
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the one clock comes from"
    )]
    fn now(&self) -> f64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64() * 1e3,
            Err(before) => -before.duration().as_secs_f64() * 1e3,
        }
    }
}

impl ScaledClock {
    /// A clock that shows `start_ms` (milliseconds since 1970) now and runs `rate` times as fast as time passes.
    pub fn new(start_ms: f64, rate: f64) -> Self {
        Self {
            started: Instant::now(),
            start_ms,
            rate,
        }
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> f64 {
        self.start_ms + self.started.elapsed().as_secs_f64() * 1e3 * self.rate
    }

    fn rate(&self) -> f64 {
        self.rate
    }
}
