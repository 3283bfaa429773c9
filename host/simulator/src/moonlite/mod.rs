//! A focuser that speaks Moonlite: bytes in, bytes out.
//!
//! From the line inwards: `framing` finds commands in bytes, `verbs` is what they do and what is answered, `motor` what turns,
//! `night` how warm it is.
//!
//! Source: MoonLite, *High Resolution Stepper Motor controller*, serial commands (HighResSteppermotor107.pdf, which the firmwares
//! for Arduino quote in full); INDI's `moonlite` driver for what programs send.

mod framing;
mod motor;
mod night;
mod verbs;

use crate::fault::{ActiveFault, Fault, Kind};
use crate::instrument::{Ailing, Instrument};
use crate::lies::Lies;
use crate::wire::Wire;
use framing::Framer;
use motor::Motor;
use night::Night;
use slewgate_sky::SharedClock;
use std::path::PathBuf;

/// What kind of focuser to be, and when.
#[derive(Clone)]
pub struct MoonliteSettings {
    /// What time it is. The motor turns, and the night cools, by this clock.
    pub clock: SharedClock,
    /// Where it stands at first, in steps.
    pub position: u16,
    /// Degrees Celsius at first.
    pub temperature: f64,
    /// Degrees Celsius that it gets colder in an hour; below 0 warmer.
    pub cooling: f64,
    /// A symbolic link to the pseudo-terminal. One that is there is replaced.
    pub link: Option<PathBuf>,
    /// Bits a second of the line, as in [`Lx200Settings`](crate::Lx200Settings).
    pub baud: Option<u32>,
    /// What is wrong from the beginning. A [`Moonlite`] without a [`Simulator`](crate::Simulator) has no wire. What counts in
    /// degrees on a mount counts in steps here, and the one motor is the first.
    pub faults: Vec<Fault>,
}

/// What is true of the focuser, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FocuserState {
    /// In steps.
    pub position: u16,
    /// The motor turns.
    pub moving: bool,
}

/// The focuser with its controller.
pub struct Moonlite {
    clock: SharedClock,
    /// The instant that it has been moved on to.
    as_of: f64,
    motor: Motor,
    night: Night,
    /// What `:FG#` goes to.
    new_position: u16,
    /// A code of [`verbs::STEPPING`].
    delay: u8,
    half_steps: bool,
    /// Half degrees that were measured last; the offset is not in it.
    measured: i16,
    /// Half degrees to add to what is measured.
    offset: i8,
    /// Steps for each degree that it gets warmer.
    coefficient: i8,
    /// The half degrees that the position is right for. None: it does not follow the temperature.
    compensated: Option<i16>,
    lies: Lies<u16>,
    framer: Framer,
    wire: Wire,
}

impl MoonliteSettings {
    /// In the middle of its travel on a night of 12 degrees that cools by one in an hour, with no link, no limit of the line,
    /// and nothing wrong.
    pub fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            position: 30_000,
            temperature: 12.0,
            cooling: 1.0,
            link: None,
            baud: None,
            faults: Vec::new(),
        }
    }
}

impl Moonlite {
    /// At rest, in full steps at its highest speed.
    pub fn new(settings: &MoonliteSettings) -> Self {
        let night = Night::new(settings.temperature, settings.cooling);
        let fastest = verbs::STEPPING[0];
        let mut it = Self {
            as_of: settings.clock.now(),
            clock: settings.clock.clone(),
            motor: Motor::new(settings.position, fastest.1),
            measured: night.half_degrees(),
            night,
            new_position: settings.position,
            delay: fastest.0,
            half_steps: false,
            offset: 0,
            coefficient: 0,
            compensated: None,
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

    /// What is true of the focuser now.
    pub fn state(&mut self) -> FocuserState {
        self.catch_up();
        FocuserState {
            position: self.motor.position(),
            moving: self.motor.turns(),
        }
    }

    /// What it received and answered.
    pub fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// Moves it on to now, from one change of the temperature to the next. A clock that was set back stands still for it.
    fn catch_up(&mut self) {
        let now = self.clock.now();
        let mut left = ((now - self.as_of) / 1e3).max(0.0);
        self.as_of = now;
        while let Some(until) = self.night.next_change().filter(|until| *until <= left) {
            self.pass(until);
            self.follow_temperature();
            left -= until;
        }
        self.pass(left);
        self.lies.expire(now);
    }

    fn pass(&mut self, seconds: f64) {
        self.motor.advance(seconds);
        self.night.pass(seconds);
    }

    /// Goes by as much as the temperature changed since it last did, if it does that and has nothing else to do.
    fn follow_temperature(&mut self) {
        let now = self.night.half_degrees();
        if self.motor.is_told_to_move() || self.compensated.is_none_or(|before| before == now) {
            return;
        }
        let changed = f64::from(now - self.compensated.unwrap_or(now)) / 2.0;
        let steps = (f64::from(self.coefficient) * changed).round();
        self.compensated = Some(now);
        self.new_position = motor::within_travel(f64::from(self.motor.position()) + steps);
        self.motor.go_to(self.new_position);
    }

    /// The position that it tells.
    fn told_position(&self) -> u16 {
        self.lies.note_told();
        let true_one = f64::from(self.motor.position());
        let off = self.lies.off().0;
        self.lies
            .frozen()
            .unwrap_or_else(|| motor::within_travel(true_one + off))
    }
}

impl Instrument for Moonlite {
    /// A command without its `:` and `#`.
    type Request = String;

    fn hear(&mut self, byte: u8) -> Option<String> {
        self.framer.take(byte)
    }

    fn text(command: &String) -> String {
        format!(":{command}#")
    }

    fn reply(&mut self, command: &String) -> Vec<u8> {
        self.catch_up();
        let reply = self.obey(command);
        self.wire.record(Self::text(command), &reply);
        reply
    }
}

impl Ailing for Moonlite {
    /// With its motor, or with the position that it tells.
    fn suffer(&mut self, active: &ActiveFault) {
        self.catch_up();
        let Fault { kind, scope } = active.fault();
        let lasts = scope.lasts.map(|lasts| lasts.as_secs_f64());
        match *kind {
            Kind::Axis(kind) => self.motor.suffer(kind, lasts, active.clone()),
            Kind::Lie(kind) => {
                let until = lasts.map_or(f64::INFINITY, |lasts| self.as_of + lasts * 1e3);
                let told = self.told_position();
                self.lies.add(kind, told, until, active.clone());
            }
            Kind::Wire(_) => {}
        }
    }

    fn cure(&mut self) -> usize {
        self.catch_up();
        self.motor.cure() + self.lies.clear()
    }

    fn faults(&mut self) -> Vec<ActiveFault> {
        self.catch_up();
        let mut faults = self.motor.faults();
        faults.extend(self.lies.faults());
        faults
    }
}
