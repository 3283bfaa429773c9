//! A mount whose motors are spoken to, as Sky-Watcher's are: bytes in, bytes out.
//!
//! From the line inwards: `framing` finds requests in bytes, `verbs` is what they do and what is answered in `digits`, `motor` what
//! turns, `model` which mount it is. The motors count steps and know nothing of the sky; where they point is known here alone.
//!
//! Source: Sky-Watcher, *Motor Controller Command Set*; INDI's EQMod driver for what programs send.

mod digits;
mod framing;
mod model;
mod motor;
mod verbs;

use crate::fault::{ActiveFault, AxisKind, Fault, Kind};
use crate::instrument::{Ailing, Instrument};
use crate::lies::Lies;
use crate::mount::{Drive, Geometry, Hemisphere, PierSide};
use crate::wire::Wire;
use framing::Framer;
use model::Gear;
pub use model::SkywatcherModel;
use motor::Motor;
use slewgate_sky::{Equatorial, SharedClock, Site, Sky};
use std::path::PathBuf;

/// What kind of mount to be, and where and when.
#[derive(Clone)]
pub struct SkywatcherSettings {
    /// Which mount it is.
    pub model: SkywatcherModel,
    /// Where it stands, with its polar axis at the pole. It does not know so itself.
    pub site: Site,
    /// What time it is. The axes move by this clock.
    pub clock: SharedClock,
    /// UT1-UTC in seconds.
    pub dut1: f64,
    /// A symbolic link to the pseudo-terminal. One that is there is replaced.
    pub link: Option<PathBuf>,
    /// Bits a second of the line, as in [`Lx200Settings`](crate::Lx200Settings).
    pub baud: Option<u32>,
    /// What is wrong from the beginning. A [`Skywatcher`] without a [`Simulator`](crate::Simulator) has no wire.
    pub faults: Vec<Fault>,
}

/// What is true of the mount, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkywatcherState {
    /// Where it points, in JNow.
    pub position: Equatorial,
    /// Degrees that each axis turned since it was switched on, which was at home.
    pub axes: (f64, f64),
    /// A motor turns otherwise than slowly with the sky.
    pub moving: bool,
    /// A motor is on its way to a place.
    pub slewing: bool,
    /// The first axis turns slowly with the sky.
    pub tracking: bool,
    /// The telescope is west of its pier.
    pub west_of_pier: bool,
}

/// The mount with its motors.
pub struct Skywatcher {
    clock: SharedClock,
    sky: Sky,
    site: Site,
    /// The instant that it has been moved on to.
    as_of: f64,
    gear: Gear,
    motors: Which,
    lies: Lies<(u32, u32)>,
    framer: Framer,
    wire: Wire,
}

/// One of each.
struct Which {
    first: Motor,
    second: Motor,
}

impl SkywatcherSettings {
    /// An EQ6, with UT1 as UTC, no link, no limit of the line, and nothing wrong.
    pub fn new(site: Site, clock: SharedClock) -> Self {
        Self {
            model: SkywatcherModel::default(),
            site,
            clock,
            dut1: 0.0,
            link: None,
            baud: None,
            faults: Vec::new(),
        }
    }
}

impl Skywatcher {
    /// Just switched on, at home: the counterweight down, the telescope at the pole.
    pub fn new(settings: &SkywatcherSettings) -> Self {
        let gear = settings.model.gear();
        let mut it = Self {
            as_of: settings.clock.now(),
            clock: settings.clock.clone(),
            sky: Sky::new(settings.dut1),
            site: settings.site,
            gear,
            motors: Which {
                first: Motor::new(Drive::First, gear),
                second: Motor::new(Drive::Second, gear),
            },
            lies: Lies::default(),
            framer: Framer::default(),
            wire: Wire::default(),
        };
        for fault in &settings.faults {
            it.suffer(&ActiveFault::new(fault.clone()));
        }
        it
    }

    /// Takes bytes from the line and returns those that go back.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.converse(bytes)
    }

    /// What is true of the mount now.
    pub fn state(&mut self) -> SkywatcherState {
        self.catch_up();
        let Which { first, second } = &self.motors;
        let axes = (first.degrees(), second.degrees());
        let hemisphere = Hemisphere::at(self.site.latitude);
        let with_the_sky = match hemisphere {
            Hemisphere::Northern => 1.0,
            Hemisphere::Southern => -1.0,
        };
        let german = Geometry::German(hemisphere);
        // Forward is north's way round the pole, and leads the telescope to its east there.
        let lie = (with_the_sky * axes.0 + 90.0, hemisphere.pole() - axes.1);
        let (hour_angle, dec) = german.place(lie);
        let sidereal = self.sky.sidereal_time(self.as_of, &self.site);
        let tracking = first.tracks() && first.way() == with_the_sky;
        SkywatcherState {
            position: Equatorial {
                ra: (sidereal - hour_angle / 15.0).rem_euclid(24.0),
                dec,
            },
            axes,
            moving: second.turns() || (first.turns() && !tracking),
            slewing: first.goes() || second.goes(),
            tracking,
            west_of_pier: german.side(lie) == Some(PierSide::West),
        }
    }

    /// What it received and answered.
    pub fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// What a motor says that it counts.
    fn told_position(&self, drive: Drive) -> u32 {
        self.lies.note_told();
        let (first, second) = self.lies.frozen().unwrap_or_else(|| self.counts());
        match drive {
            Drive::First => first,
            Drive::Second => second,
        }
    }

    /// With what is lied of it.
    fn counts(&self) -> (u32, u32) {
        let (first, second) = self.lies.off();
        let Which {
            first: one,
            second: other,
        } = &self.motors;
        (one.position(first), other.position(second))
    }

    /// Moves it on to now. A clock that was set back stands still for it.
    fn catch_up(&mut self) {
        let now = self.clock.now();
        let seconds = ((now - self.as_of) / 1e3).max(0.0);
        self.as_of = now;
        self.motors.first.advance(seconds);
        self.motors.second.advance(seconds);
        self.lies.expire(now);
    }
}

impl Instrument for Skywatcher {
    /// A request without its `:` and CR.
    type Request = String;

    fn hear(&mut self, byte: u8) -> Option<String> {
        self.framer.take(byte)
    }

    fn text(request: &String) -> String {
        format!(":{request}\r")
    }

    fn reply(&mut self, request: &String) -> Vec<u8> {
        self.catch_up();
        let reply = self.obey(request);
        self.wire.record(Self::text(request), &reply);
        reply
    }
}

impl Ailing for Skywatcher {
    /// With an axis, or with what the motors tell.
    fn suffer(&mut self, active: &ActiveFault) {
        self.catch_up();
        let Fault { kind, scope } = active.fault();
        let lasts = scope.lasts.map(|lasts| lasts.as_secs_f64());
        match *kind {
            Kind::Axis(kind) => {
                let motor = match drive_of(kind) {
                    Drive::First => &mut self.motors.first,
                    Drive::Second => &mut self.motors.second,
                };
                motor.suffer(kind, lasts, active.clone());
            }
            Kind::Lie(kind) => {
                let until = lasts.map_or(f64::INFINITY, |lasts| self.as_of + lasts * 1e3);
                let told = self.counts();
                self.lies.add(kind, told, until, active.clone());
            }
            Kind::Wire(_) => {}
        }
    }

    fn cure(&mut self) -> usize {
        self.catch_up();
        self.motors.first.cure() + self.motors.second.cure() + self.lies.clear()
    }

    fn faults(&mut self) -> Vec<ActiveFault> {
        self.catch_up();
        let mut faults = self.motors.first.faults();
        faults.extend(self.motors.second.faults());
        faults.extend(self.lies.faults());
        faults
    }
}

fn drive_of(kind: AxisKind) -> Drive {
    match kind {
        AxisKind::Stuck(drive) | AxisKind::Runaway { drive, .. } => drive,
    }
}
