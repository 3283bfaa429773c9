//! A mount with a NexStar hand control: bytes in, bytes out.
//!
//! From the line inwards: `hand` says which commands a hand control of some age knows and how long they are, `framing` finds
//! them in bytes, `verbs` is what they do. `motor` is what is passed through to the motors, `motion` and `place` what verbs
//! do, `format` how things are written.
//!
//! Sources: Celestron, *NexStar Communication Protocol* (versions 1.2 to 4.2 of the hand control), and what programs for these
//! mounts rely on. Nobody measured how a hand control of another age takes a command that it does not know; here it passes over
//! the letter, and takes what stands behind it for commands.

mod format;
mod framing;
mod hand;
mod motion;
mod motor;
mod place;
mod verbs;

use crate::fault::{ActiveFault, Fault, Kind};
use crate::instrument::{Ailing, Instrument};
use crate::lies::Lies;
use crate::lx200::MountState;
use crate::mount::{Course, Geometry, Hemisphere, Mount};
use crate::wire::Wire;
use framing::Framer;
pub use hand::{Hand, HandKind};
use motion::Mode;
use motor::Motors;
use place::Belief;
use slewgate_sky::{Equatorial, SharedClock, Site, Sky};
use std::path::PathBuf;

/// What kind of mount to be, and where and when.
#[derive(Clone)]
pub struct NexstarSettings {
    /// What its hand control is.
    pub hand: Hand,
    /// Where it stands; it also knows so itself until a client tells it otherwise.
    pub site: Site,
    /// What time it is. The axes move by this clock.
    pub clock: SharedClock,
    /// UT1-UTC in seconds.
    pub dut1: f64,
    /// Whether it was aligned. Without that it goes nowhere, and says nothing of it.
    pub aligned: bool,
    /// Whether it follows the sky no more once a slew by rate has ended, as many do; it goes on telling that it does.
    pub loses_tracking: bool,
    /// The lowest and the highest altitude that it goes to, in degrees. Of a target beyond them it says nothing.
    pub slew_limits: (f64, f64),
    /// A symbolic link to the pseudo-terminal. One that is there is replaced.
    pub link: Option<PathBuf>,
    /// Bits a second of the line, as in [`Lx200Settings`](crate::Lx200Settings).
    pub baud: Option<u32>,
    /// What is wrong from the beginning. A [`Nexstar`] without a [`Simulator`](crate::Simulator) has no wire.
    pub faults: Vec<Fault>,
}

/// The mount with its hand control.
pub struct Nexstar {
    hand: Hand,
    clock: SharedClock,
    sky: Sky,
    site: Site,
    mount: Mount,
    /// The instant that the mount has been moved on to.
    as_of: f64,
    belief: Belief,
    /// What it tells that it follows.
    mode: Mode,
    motors: Motors,
    aligned: bool,
    /// It hibernates: nothing moves it until it is woken.
    asleep: bool,
    slew_limits: (f64, f64),
    /// Degrees that the last sync changed each axis by.
    synced: (f64, f64),
    lies: Lies<Equatorial>,
    framer: Framer,
    wire: Wire,
}

impl NexstarSettings {
    /// A CGX with a hand control of version 5.31, aligned, with UT1 as UTC, no link, no limit of the line, and nothing wrong.
    pub fn new(site: Site, clock: SharedClock) -> Self {
        Self {
            hand: Hand::default(),
            site,
            clock,
            dut1: 0.0,
            aligned: true,
            loses_tracking: true,
            slew_limits: (0.0, 90.0),
            link: None,
            baud: None,
            faults: Vec::new(),
        }
    }
}

impl Nexstar {
    /// Set up and ready: on the meridian, well above the horizon, tracking.
    pub fn new(settings: &NexstarSettings) -> Self {
        let NexstarSettings {
            hand,
            site,
            clock,
            dut1,
            aligned,
            loses_tracking,
            slew_limits,
            faults,
            ..
        } = settings.clone();
        let hemisphere = Hemisphere::at(site.latitude);
        let geometry = match hand.is_german() {
            true => Geometry::German(hemisphere),
            false => Geometry::Fork,
        };
        let mut it = Self {
            hand,
            as_of: clock.now(),
            clock,
            sky: Sky::new(dut1),
            site,
            mount: Mount::tracking_at(geometry, (0.0, site.latitude / 2.0), true),
            belief: Belief::at(site),
            mode: match geometry {
                Geometry::Fork => Mode::AltAzimuth,
                Geometry::German(Hemisphere::Northern) => Mode::North,
                Geometry::German(Hemisphere::Southern) => Mode::South,
            },
            motors: Motors::new(loses_tracking),
            aligned,
            asleep: false,
            slew_limits,
            synced: (0.0, 0.0),
            lies: Lies::default(),
            framer: Framer::default(),
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
            slewing: matches!(self.mount.course(), Course::Goto | Course::Homing),
            tracking: self.mount.tracking().is_some(),
            // It has no place to park: hibernating it stands wherever it is.
            parked: self.asleep,
        }
    }

    /// What it received and answered.
    pub fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// Moves the mount on to now. A clock that was set back stands still for it.
    fn catch_up(&mut self) {
        let now = self.clock.now();
        self.mount.advance(((now - self.as_of) / 1e3).max(0.0));
        self.as_of = now;
        self.lies.expire(now);
    }
}

impl Instrument for Nexstar {
    /// A whole command.
    type Request = Vec<u8>;

    /// Celestron: what is sent without waiting for the answer before may be dropped.
    const HEARS_WHILE_IT_ANSWERS: bool = false;

    fn hear(&mut self, byte: u8) -> Option<Vec<u8>> {
        let now = self.clock.now();
        self.framer.take(byte, &self.hand, now)
    }

    fn text(command: &Vec<u8>) -> String {
        command.iter().copied().map(char::from).collect()
    }

    fn reply(&mut self, command: &Vec<u8>) -> Vec<u8> {
        self.catch_up();
        let reply = self.obey(command);
        self.wire.record(Self::text(command), &reply);
        reply
    }
}

impl Ailing for Nexstar {
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
