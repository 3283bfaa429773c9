//! A mount under a clock that moves only when a test moves it.

use slewgate_simulator::{Skywatcher, SkywatcherModel, SkywatcherSettings};
use slewgate_sky::{Clock, SharedClock, Site};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whole milliseconds since 1970.
#[derive(Default)]
pub(crate) struct HandClock(AtomicU64);

impl HandClock {
    pub(crate) fn pass(&self, seconds: f64) {
        self.0.fetch_add((seconds * 1e3) as u64, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64
    }

    fn rate(&self) -> f64 {
        0.0
    }
}

/// A mount and its clock.
pub(crate) struct Bench {
    pub(crate) clock: Arc<HandClock>,
    pub(crate) mount: Skywatcher,
}

pub(crate) const LONDON: Site = Site {
    latitude: 51.5,
    longitude: 0.0,
    elevation: 0.0,
};

pub(crate) const SYDNEY: Site = Site {
    latitude: -33.9,
    ..LONDON
};

/// An EQ6 in London that was just switched on.
pub(crate) fn settings(clock: &Arc<HandClock>) -> SkywatcherSettings {
    SkywatcherSettings::new(LONDON, Arc::clone(clock) as SharedClock)
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|settings| settings)
    }

    /// Initialised, as programs do first.
    pub(crate) fn ready() -> Self {
        let mut bench = Self::new();
        bench.hold(&[(":F1", "="), (":F2", "=")]);
        bench
    }

    pub(crate) fn model(model: SkywatcherModel) -> Self {
        Self::with(|settings| SkywatcherSettings { model, ..settings })
    }

    /// Initialised, with these faults.
    pub(crate) fn faulty(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        let mut bench = Self::with(|settings| SkywatcherSettings { faults, ..settings });
        bench.hold(&[(":F1", "="), (":F2", "=")]);
        bench
    }

    pub(crate) fn with(change: impl FnOnce(SkywatcherSettings) -> SkywatcherSettings) -> Self {
        let clock = Arc::new(HandClock::default());
        let mount = Skywatcher::new(&change(settings(&clock)));
        Self { clock, mount }
    }

    /// Says each line and holds the mount to the answers, both without their CR.
    pub(crate) fn hold(&mut self, lines: &[(&str, &str)]) {
        for (request, reply) in lines {
            assert_eq!(self.say(request), *reply, "to {request:?}");
        }
    }

    /// What is answered to one request, both without CR.
    pub(crate) fn say(&mut self, request: &str) -> String {
        let reply = self.mount.receive(format!("{request}\r").as_bytes());
        let reply = String::from_utf8(reply).unwrap();
        reply.strip_suffix('\r').unwrap_or(&reply).to_owned()
    }

    pub(crate) fn pass(&self, seconds: f64) {
        self.clock.pass(seconds);
    }

    /// What an axis counts.
    pub(crate) fn position(&mut self, axis: char) -> u32 {
        let reply = self.say(&format!(":j{axis}"));
        let digit = |at: usize| u32::from_str_radix(&reply[at..at + 2], 16).unwrap();
        digit(1) | digit(3) << 8 | digit(5) << 16
    }

    /// Degrees that each axis turned.
    pub(crate) fn axes(&mut self) -> (f64, f64) {
        self.mount.state().axes
    }
}
