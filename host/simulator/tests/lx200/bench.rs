//! A mount under a clock that moves only when a test moves it.

use slewgate_simulator::{Dialect, Lx200, Lx200Settings};
use slewgate_sky::{Clock, Equatorial, SharedClock, Site, separation};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2026-11-23T22:00:00Z.
pub(crate) const NIGHT: f64 = 1_795_471_200e3;
pub(crate) const LONDON: Site = Site {
    latitude: 51.5,
    longitude: -0.1667,
    elevation: 50.0,
};

/// Whole milliseconds since [`NIGHT`].
#[derive(Default)]
pub(crate) struct HandClock(AtomicU64);

impl HandClock {
    pub(crate) fn pass(&self, seconds: f64) {
        self.0.fetch_add((seconds * 1e3) as u64, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> f64 {
        NIGHT + self.0.load(Ordering::Relaxed) as f64
    }

    fn rate(&self) -> f64 {
        0.0
    }
}

/// A mount and its clock.
pub(crate) struct Bench {
    pub(crate) clock: Arc<HandClock>,
    pub(crate) mount: Lx200,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::at(LONDON)
    }

    pub(crate) fn at(site: Site) -> Self {
        Self::of(Dialect::Classic, site)
    }

    pub(crate) fn of(dialect: Dialect, site: Site) -> Self {
        Self::with(dialect, site, &[])
    }

    /// With these faults.
    pub(crate) fn faulty(faults: &[&str]) -> Self {
        Self::with(Dialect::Classic, LONDON, faults)
    }

    fn with(dialect: Dialect, site: Site, faults: &[&str]) -> Self {
        let clock = Arc::new(HandClock::default());
        let faults = faults.iter().map(|fault| fault.parse().unwrap());
        let mount = Lx200::new(&Lx200Settings {
            dialect,
            faults: faults.collect(),
            ..Lx200Settings::new(site, Arc::clone(&clock) as SharedClock)
        });
        Self { clock, mount }
    }

    /// Says each line and holds the mount to the answers.
    pub(crate) fn hold(&mut self, lines: &[(&str, &str)]) {
        for (request, reply) in lines {
            assert_eq!(self.say(request), *reply, "to {request:?}");
        }
    }

    /// What the mount answers, each byte as the character of that number.
    pub(crate) fn say(&mut self, request: &str) -> String {
        let bytes: Vec<u8> = request.chars().map(|c| c as u8).collect();
        self.mount
            .receive(&bytes)
            .into_iter()
            .map(char::from)
            .collect()
    }

    pub(crate) fn pass(&self, seconds: f64) {
        self.clock.pass(seconds);
    }

    pub(crate) fn place(&mut self) -> Equatorial {
        self.mount.state().position
    }

    /// Degrees that it moved over the sky since it was at a place.
    pub(crate) fn moved(&mut self, from: Equatorial) -> f64 {
        separation(self.place(), from)
    }
}
