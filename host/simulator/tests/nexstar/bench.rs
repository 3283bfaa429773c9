//! A mount under a clock that moves only when a test moves it.

use slewgate_simulator::{Hand, Nexstar, NexstarSettings};
use slewgate_sky::{Clock, Equatorial, SharedClock, Site, separation};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2026-11-23T22:00:00Z.
pub(crate) const NIGHT: f64 = 1_795_471_200e3;
/// 35 minutes are the byte 0x23, which `#` is too.
pub(crate) const BRISTOL: Site = Site {
    latitude: 51.0 + 35.0 / 60.0,
    longitude: -(2.0 + 35.0 / 60.0 + 35.0 / 3600.0),
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
    pub(crate) mount: Nexstar,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|settings| settings)
    }

    /// With a hand control of this version.
    pub(crate) fn of_version(major: u8, minor: u8) -> Self {
        Self::of(Hand::of_version(major, minor))
    }

    pub(crate) fn of(hand: Hand) -> Self {
        Self::with(|settings| NexstarSettings { hand, ..settings })
    }

    /// On a fork.
    pub(crate) fn fork() -> Self {
        Self::of(Hand {
            model: 11,
            ..Hand::default()
        })
    }

    /// With these faults.
    pub(crate) fn faulty(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        Self::with(|settings| NexstarSettings { faults, ..settings })
    }

    pub(crate) fn with(change: impl FnOnce(NexstarSettings) -> NexstarSettings) -> Self {
        let clock = Arc::new(HandClock::default());
        let settings = NexstarSettings::new(BRISTOL, Arc::clone(&clock) as SharedClock);
        let mount = Nexstar::new(&change(settings));
        Self { clock, mount }
    }

    /// Says each and holds the mount to the answers.
    pub(crate) fn hold(&mut self, lines: &[(&[u8], &[u8])]) {
        for (request, reply) in lines {
            let answer = self.say(request);
            assert_eq!(
                answer.escape_ascii().to_string(),
                reply.escape_ascii().to_string(),
                "to {}",
                request.escape_ascii()
            );
        }
    }

    pub(crate) fn say(&mut self, request: impl AsRef<[u8]>) -> Vec<u8> {
        self.mount.receive(request.as_ref())
    }

    pub(crate) fn pass(&self, seconds: f64) {
        self.clock.pass(seconds);
    }

    pub(crate) fn place(&mut self) -> Equatorial {
        self.mount.state().position
    }

    /// Where it says that it points.
    pub(crate) fn told(&mut self) -> Equatorial {
        let text = String::from_utf8(self.say("e")).unwrap();
        let (ra, dec) = text.strip_suffix('#').unwrap().split_once(',').unwrap();
        let turns =
            |digits: &str| f64::from(u32::from_str_radix(digits, 16).unwrap()) / 4_294_967_296.0;
        let dec = turns(dec) * 360.0;
        Equatorial {
            ra: turns(ra) * 24.0,
            dec: if dec > 180.0 { dec - 360.0 } else { dec },
        }
    }

    /// Sends it to a place, in the precise form.
    pub(crate) fn goto(&mut self, place: Equatorial) {
        let command = format!("r{}", precise(place));
        assert_eq!(self.say(command), b"#");
    }

    /// Degrees that it moved over the sky since it was at a place.
    pub(crate) fn moved(&mut self, from: Equatorial) -> f64 {
        separation(self.place(), from)
    }
}

/// `RRRRRRRR,DDDDDDDD`.
pub(crate) fn precise(place: Equatorial) -> String {
    let digits =
        |turns: f64| ((turns.rem_euclid(1.0) * 16_777_216.0).round() as u32 % 0x100_0000) << 8;
    format!(
        "{:08X},{:08X}",
        digits(place.ra / 24.0),
        digits(place.dec / 360.0)
    )
}
