//! A mount that speaks LX200: bytes in, bytes out.
//!
//! From the line inwards: `framing` finds commands in bytes, a `dialect` says which verbs there are (`verbs` has those that
//! all share, `classic` and `onstep` their own) and an `answer` goes back. `motion` and `site` are what verbs do, `format`
//! how things are written.

mod answer;
mod classic;
mod dialect;
mod format;
mod framing;
mod motion;
mod onstep;
mod site;
mod verbs;

use crate::fault::{ActiveFault, Fault, Kind};
use crate::instrument::{Ailing, Instrument};
use crate::lies::Lies;
use crate::mount::{Course, Hemisphere, Mount, SIDEREAL, Tracking};
use crate::wire::Wire;
use answer::Answer;
pub use dialect::Dialect;
use dialect::Manner;
use format::Style;
pub(crate) use framing::Incoming;
use framing::{Framer, verified};
use slewgate_sky::{Equatorial, Horizontal, SharedClock, Site, Sky};
use std::path::PathBuf;

/// What kind of mount to be, and where and when.
#[derive(Clone)]
pub struct Lx200Settings {
    /// Which controller it is.
    pub dialect: Dialect,
    /// Where it stands; it also knows so itself until a client tells it otherwise.
    pub site: Site,
    /// What time it is. The axes move by this clock.
    pub clock: SharedClock,
    /// UT1-UTC in seconds.
    pub dut1: f64,
    /// How precisely it tells coordinates at first; `:U#` changes it. OnStep is always precise.
    pub precision: Precision,
    /// A symbolic link to the pseudo-terminal. One that is there is replaced.
    pub link: Option<PathBuf>,
    /// Bits a second of the line, which takes ten for each byte: bytes come no faster, either way, and those that a client
    /// does not take in time are lost. What a client wrote and is not through waits in the pseudo-terminal as in a
    /// transmitter, from where the system takes back only a part (`TCOFLUSH`). None: there is no such limit.
    pub baud: Option<u32>,
    /// What is wrong from the beginning. An [`Lx200`] without a [`Simulator`](crate::Simulator) has no wire, and takes
    /// only those of the axes and of its position.
    pub faults: Vec<Fault>,
}

/// How coordinates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// `HH:MM.T` and `sDD*MM`.
    Low,
    /// `HH:MM:SS` and `sDD*MM:SS`.
    High,
}

/// What is true of the mount, whatever it believes and says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MountState {
    /// Where it points, in JNow.
    pub position: Equatorial,
    /// A drive turns. Following the sky is not moving.
    pub moving: bool,
    /// On the way to a target, to where it parks or to its home.
    pub slewing: bool,
    /// It follows the sky.
    pub tracking: bool,
    /// It is parked.
    pub parked: bool,
}

/// The mount with its hand controller.
pub struct Lx200 {
    manner: &'static Manner,
    clock: SharedClock,
    sky: Sky,
    site: Site,
    mount: Mount,
    /// The instant that the mount has been moved on to.
    as_of: f64,
    belief: Belief,
    alignment: Alignment,
    /// What it follows unless it is aligned as `Land`.
    rate: Tracking,
    /// The angles of the axes where it parks and where it is at home.
    park: (f64, f64),
    home: (f64, f64),
    target: Equatorial,
    horizontal_target: Horizontal,
    /// Degrees a second of the next jog.
    jog_rate: f64,
    /// The lowest and the highest altitude that it slews to, in degrees.
    lowest: f64,
    highest: f64,
    precision: Precision,
    /// `:P#`: whether it would centre a bright star first. It changes what is said and nothing else.
    high_pointing: bool,
    /// What only OnStep keeps.
    onstep: onstep::Memory,
    lies: Lies<Equatorial>,
    framer: Framer,
    wire: Wire,
}

/// Where and when the hand controller thinks it is.
#[derive(Clone, Copy, Debug)]
struct Belief {
    site: Site,
    /// Milliseconds that its local time is ahead of the true UTC.
    ahead: f64,
    /// Hours to add to its local time to have UTC: the opposite of a time zone's usual sign.
    zone: f64,
}

/// How the mount is set up; `Land` does not track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alignment {
    Polar,
    AltAzimuth,
    Land,
}

/// Degrees a second of a jog before a client chose a rate: twice the rate of the sky.
const GUIDE_RATE: f64 = 2.0 * SIDEREAL;

impl Lx200Settings {
    /// A Classic in low precision, with UT1 as UTC, no link, no limit of the line, and nothing wrong.
    pub fn new(site: Site, clock: SharedClock) -> Self {
        Self {
            dialect: Dialect::Classic,
            site,
            clock,
            dut1: 0.0,
            precision: Precision::Low,
            link: None,
            baud: None,
            faults: Vec::new(),
        }
    }
}

impl Lx200 {
    /// Set up and ready: on the meridian, well above the horizon, tracking.
    pub fn new(settings: &Lx200Settings) -> Self {
        let Lx200Settings {
            dialect,
            site,
            clock,
            dut1,
            precision,
            faults,
            ..
        } = settings.clone();
        let manner = dialect.manner();
        // Halfway from the celestial equator to the zenith, so 45 degrees up or more.
        let start = (0.0, site.latitude / 2.0);
        let geometry = (manner.geometry)(site.latitude);
        let home = (manner.home)(site.latitude);
        let mut it = Self {
            manner,
            as_of: clock.now(),
            clock,
            sky: Sky::new(dut1),
            site,
            mount: Mount::tracking_at(geometry, start, manner.rests_at_home),
            belief: Belief {
                site,
                ahead: 0.0,
                zone: 0.0,
            },
            alignment: Alignment::Polar,
            rate: Tracking::Sidereal,
            park: (home.0, Hemisphere::at(site.latitude).pole()),
            home,
            target: Equatorial { ra: 0.0, dec: 0.0 },
            horizontal_target: Horizontal {
                altitude: 0.0,
                azimuth: 0.0,
            },
            jog_rate: GUIDE_RATE,
            lowest: 0.0,
            highest: 90.0,
            precision: manner.precision.unwrap_or(precision),
            high_pointing: false,
            onstep: onstep::Memory::default(),
            lies: Lies::default(),
            framer: Framer::new(manner.checks),
            wire: Wire::default(),
        };
        for fault in faults {
            it.suffer(&ActiveFault::new(fault));
        }
        it
    }

    /// Takes bytes from the line and returns those that go back.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.converse(bytes)
    }

    /// What is true of the mount now.
    pub fn state(&mut self) -> MountState {
        self.catch_up();
        let (hour_angle, dec) = self.mount.true_place();
        let sidereal = self.sky.sidereal_time(self.as_of, &self.site);
        MountState {
            position: Equatorial {
                ra: (sidereal - hour_angle / 15.0).rem_euclid(24.0),
                dec,
            },
            moving: self.mount.turning(),
            slewing: self.slewing(),
            tracking: self.tracks(),
            parked: self.mount.course() == Course::Parked,
        }
    }

    /// What it received and answered.
    pub fn wire(&self) -> Wire {
        self.wire.clone()
    }

    fn answer(&mut self, incoming: &Incoming) -> Vec<u8> {
        self.catch_up();
        match incoming {
            Incoming::Ack => vec![self.alignment.letter()],
            Incoming::Clear => Vec::new(),
            Incoming::Command(command) => (self.manner.obey)(self, command).bytes(),
            Incoming::Checked(frame) => match verified(frame) {
                Some((command, sequence)) => (self.manner.obey)(self, command).checked(sequence),
                None => Answer::text("CK_FAIL").checked(""),
            },
        }
    }

    fn style(&self) -> Style {
        Style {
            mark: self.manner.mark,
            precision: self.precision,
        }
    }

    /// Moves the mount on to now. A clock that was set back stands still for it.
    fn catch_up(&mut self) {
        let now = self.clock.now();
        self.mount.advance(((now - self.as_of) / 1e3).max(0.0));
        self.as_of = now;
        self.lies.expire(now);
    }
}

impl Instrument for Lx200 {
    type Request = Incoming;

    fn hear(&mut self, byte: u8) -> Option<Incoming> {
        self.framer.take(byte)
    }

    fn text(incoming: &Incoming) -> String {
        incoming.text()
    }

    fn reply(&mut self, incoming: &Incoming) -> Vec<u8> {
        let reply = self.answer(incoming);
        self.wire.record(incoming.text(), &reply);
        reply
    }
}

impl Ailing for Lx200 {
    /// With an axis, or with the position that it tells.
    fn suffer(&mut self, active: &ActiveFault) {
        self.catch_up();
        let Fault { kind, scope } = active.fault();
        let lasts = scope.lasts.map(|lasts| lasts.as_secs_f64());
        match *kind {
            Kind::Axis(kind) => self.mount.suffer(kind, lasts, active.clone()),
            Kind::Lie(kind) => {
                let until = lasts.map_or(f64::INFINITY, |lasts| self.as_of + lasts * 1e3);
                let told = self.position();
                self.lies.add(kind, told, until, active.clone());
            }
            Kind::Wire(_) => {}
        }
    }

    fn cure(&mut self) -> usize {
        self.catch_up();
        self.mount.cure() + self.lies.clear()
    }

    fn faults(&mut self) -> Vec<ActiveFault> {
        self.catch_up();
        let mut faults = self.mount.faults();
        faults.extend(self.lies.faults());
        faults
    }
}

impl Alignment {
    /// The answer to 0x06.
    fn letter(self) -> u8 {
        match self {
            Self::Polar => b'P',
            Self::AltAzimuth => b'A',
            Self::Land => b'L',
        }
    }
}
