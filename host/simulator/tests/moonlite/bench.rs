//! A focuser under a clock that moves only when a test moves it.

use slewgate_simulator::{Moonlite, MoonliteSettings};
use slewgate_sky::{Clock, SharedClock};
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

/// A focuser and its clock.
pub(crate) struct Bench {
    pub(crate) clock: Arc<HandClock>,
    pub(crate) focuser: Moonlite,
}

/// At 30,000 steps, at 12 degrees and getting no colder.
pub(crate) fn settings(clock: &Arc<HandClock>) -> MoonliteSettings {
    MoonliteSettings {
        cooling: 0.0,
        ..MoonliteSettings::new(Arc::clone(clock) as SharedClock)
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|settings| settings)
    }

    /// With these faults.
    pub(crate) fn faulty(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        Self::with(|settings| MoonliteSettings { faults, ..settings })
    }

    pub(crate) fn with(change: impl FnOnce(MoonliteSettings) -> MoonliteSettings) -> Self {
        let clock = Arc::new(HandClock::default());
        let focuser = Moonlite::new(&change(settings(&clock)));
        Self { clock, focuser }
    }

    /// Says each line and holds the focuser to the answers.
    pub(crate) fn hold(&mut self, lines: &[(&str, &str)]) {
        for (request, reply) in lines {
            assert_eq!(self.say(request), *reply, "to {request:?}");
        }
    }

    pub(crate) fn say(&mut self, request: &str) -> String {
        String::from_utf8(self.focuser.receive(request.as_bytes())).unwrap()
    }

    pub(crate) fn pass(&self, seconds: f64) {
        self.clock.pass(seconds);
    }
}
