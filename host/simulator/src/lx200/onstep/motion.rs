//! What moves it: slews, jogs, pulses, tracking.

use super::super::Lx200;
use super::super::answer::Answer;
use super::Fault;
use crate::axis::SLEW_RATE;
use crate::mount::{Course, Direction, SIDEREAL, Tracking};
use slewgate_sky::Equatorial;

/// One of ten rates: a quarter, a half, 1, 2, 4, 8, 20 and 48 times that of the sky, half of a slew's and a slew's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate(u8);

/// The rates below a slew's, in those of the sky.
const SLOW_RATES: [f64; 8] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 20.0, 48.0];

/// The fastest that a pulse can have, in the firmware's default.
const SKY: Rate = Rate(2);

/// Milliseconds that a pulse can last: what a 16-bit number holds.
const MAX_PULSE: u16 = 32_767;

impl Default for Rate {
    fn default() -> Self {
        SKY
    }
}

impl Rate {
    /// By its letter or digit.
    fn named(name: &str) -> Option<Self> {
        Some(Self(match name {
            "G" => 2,
            "C" => 5,
            "M" => 6,
            "F" => 7,
            "S" => 8,
            digit => match digit.as_bytes() {
                [digit @ b'0'..=b'9'] => digit - b'0',
                _ => return None,
            },
        }))
    }

    pub(super) fn digit(self) -> u8 {
        self.0
    }

    /// In rates of the sky.
    pub(super) fn times(self) -> f64 {
        self.degrees_a_second() / SIDEREAL
    }

    fn degrees_a_second(self) -> f64 {
        match SLOW_RATES.get(usize::from(self.0)) {
            Some(times) => times * SIDEREAL,
            None if self.0 == 8 => SLEW_RATE / 2.0,
            None => SLEW_RATE,
        }
    }
}

impl Lx200 {
    /// `:MS#` and `:MA#`: one digit.
    pub(super) fn slew(&mut self, target: Equatorial) -> Answer {
        let fault = self.slew_if_possible(target).err().unwrap_or_default();
        self.onstep.error = fault;
        Answer::Bare(fault.digit().to_string())
    }

    fn slew_if_possible(&mut self, target: Equatorial) -> Result<(), Fault> {
        let ready = self.ready();
        if ready == Err(Fault::InGoto) && self.mount.course() == Course::Goto {
            // It refuses the new target and gives up the old one.
            self.mount.stop();
        }
        ready?;
        self.allow(target)?;
        let was_home = self.at_home();
        self.go_to(target);
        if was_home {
            self.mount.track(Some(self.rate));
        }
        Ok(())
    }

    /// `:CM#`.
    pub(super) fn sync_and_tell(&mut self) -> Answer {
        let done = self.sync_if_possible();
        self.note(done);
        match done {
            Ok(()) => Answer::text("N/A"),
            Err(fault) => Answer::Text(format!("E{}", fault.digit())),
        }
    }

    pub(super) fn sync_if_possible(&mut self) -> Result<(), Fault> {
        self.ready()?;
        self.allow(self.target)?;
        let was_home = self.at_home();
        self.sync();
        if was_home {
            self.mount.track(Some(self.rate));
        }
        Ok(())
    }

    /// Whether it can be sent or synced anywhere. A parked one says so, and not that its motors are off.
    pub(super) fn ready(&self) -> Result<(), Fault> {
        match self.mount.course() {
            Course::Parked => Err(Fault::InPark),
            Course::Goto | Course::Parking | Course::Homing => Err(Fault::InGoto),
            // Newer firmware leaves standby by itself where it is at home.
            Course::Free if self.onstep.standby => Err(Fault::Standby),
            Course::Free if self.mount.moving() => Err(Fault::InMotion),
            Course::Free => Ok(()),
        }
    }

    /// Whether a target is within the limits.
    fn allow(&self, target: Equatorial) -> Result<(), Fault> {
        let altitude = self.altitude_of(target);
        if altitude < self.lowest {
            Err(Fault::BelowHorizon)
        } else if altitude > self.highest {
            Err(Fault::AboveOverhead)
        } else {
            Ok(())
        }
    }

    /// `:Mn#` and the like.
    pub(super) fn drive(&mut self, direction: Direction) -> Result<(), Fault> {
        self.take_in_hand()?;
        let rate = self.onstep.rate.degrees_a_second();
        self.mount.jog(direction, rate);
        Ok(())
    }

    /// `:MgdDDDD#` and `:MGdDDDD#`: a direction and milliseconds.
    pub(super) fn pulse(&mut self, value: &str) -> Result<(), Fault> {
        let direction = match value.as_bytes().first() {
            Some(b'n') => Direction::North,
            Some(b's') => Direction::South,
            Some(b'e') => Direction::East,
            Some(b'w') => Direction::West,
            _ => return Err(Fault::Unknown),
        };
        let lasts: u16 = value[1..].parse().map_err(|_| Fault::Form)?;
        if lasts > MAX_PULSE {
            return Err(Fault::Range);
        }
        self.take_in_hand()?;
        let rate = self.onstep.pulse_rate.degrees_a_second();
        self.mount.pulse(direction, rate, f64::from(lasts) / 1e3);
        Ok(())
    }

    /// Whether it can be moved by hand. A goto that is under way ends, and what was asked is not done.
    fn take_in_hand(&mut self) -> Result<(), Fault> {
        match self.ready() {
            Ok(()) | Err(Fault::InMotion) => Ok(()),
            Err(Fault::InGoto) => {
                self.mount.stop();
                Err(Fault::InMotion)
            }
            Err(other) => Err(other),
        }
    }

    /// `:Qn#` and the like.
    pub(super) fn end(&mut self, ways: [Direction; 2]) {
        for direction in ways {
            self.mount.stop_jog(direction);
        }
    }

    /// `:RG#` and the like. One that is slow enough is that of pulses too.
    pub(super) fn choose_rate(&mut self, name: &str) -> Answer {
        let Some(rate) = Rate::named(name) else {
            return self.unknown();
        };
        self.onstep.rate = rate;
        if rate.digit() <= SKY.digit() {
            self.onstep.pulse_rate = rate;
        }
        Answer::Silent
    }

    /// `:Te#`.
    pub(super) fn track(&mut self) -> Result<(), Fault> {
        if self.mount.course() == Course::Parked {
            return Err(Fault::Parked);
        }
        self.onstep.standby = false;
        self.mount.track(Some(self.rate));
        Ok(())
    }

    /// `:Td#`.
    pub(super) fn stop_tracking(&mut self) -> Result<(), Fault> {
        if self.slewing() || self.mount.moving() {
            return Err(Fault::InMotion);
        }
        self.mount.track(None);
        Ok(())
    }

    /// `:GT#`: hertz, or `0` while it does not track.
    pub(super) fn frequency(&self) -> String {
        self.mount
            .tracking()
            .map_or_else(|| "0".to_owned(), |rate| format!("{:.5}", rate.hertz()))
    }

    /// The stars, from now on.
    pub(super) fn follow_the_stars(&mut self) {
        self.follow(Tracking::Sidereal);
    }
}
