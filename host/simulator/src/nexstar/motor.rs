//! What is passed through to the motors: `P`, how many bytes follow for the motor, which motor, what, three bytes for that, and
//! how many bytes it is to answer with.
//!
//! Sources: Celestron, *NexStar Communication Protocol*, "Pass-through commands"; the list of the motors' commands that
//! programs share. Positive is to the west, and upwards or to the north on a fork; the motor of a German mount's
//! declination turns to the north by it while the telescope looks to the east.

use super::Nexstar;
use crate::mount::{Course, Direction, Drive, Hemisphere, Home, PierSide, SIDEREAL, Tracking};

/// What the motors keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Motors {
    axes: [Motor; 2],
    /// See [`NexstarSettings`](super::NexstarSettings).
    loses_tracking: bool,
}

#[derive(Clone, Copy, Debug)]
struct Motor {
    /// In parts of 256 of the rate of the sky.
    guide_rate: u8,
    /// It runs at a rate that it was told.
    runs: bool,
    /// It was told to look for its switch.
    seeks: bool,
}

const FIRST: u8 = 0x10;
const SECOND: u8 = 0x11;

const TRACK_POSITIVE: u8 = 6;
const TRACK_NEGATIVE: u8 = 7;
const SEEK_SWITCH: u8 = 0x0b;
const SWITCH_FOUND: u8 = 0x12;
const MOVE_POSITIVE: u8 = 36;
const MOVE_NEGATIVE: u8 = 37;
const PULSE: u8 = 0x26;
const IS_PULSING: u8 = 0x27;
const SET_GUIDE_RATE: u8 = 0x46;
const GUIDE_RATE: u8 = 0x47;
const VERSION: u8 = 0xfe;

/// Degrees a second of the rates 1 to 9: of the sky's rate, then of the motor's own (Celestron, *NexStar GPS*, "Rate button").
const RATES: [f64; 9] = [
    2.0 * SIDEREAL,
    4.0 * SIDEREAL,
    8.0 * SIDEREAL,
    16.0 * SIDEREAL,
    32.0 * SIDEREAL,
    0.3,
    1.0,
    2.0,
    4.0,
];

/// What the motors tell of themselves.
const MOTOR_VERSION: [u8; 2] = [7, 16];

/// The byte more that tells of a failure.
const FAILED: u8 = 0;

impl Motors {
    pub(super) fn new(loses_tracking: bool) -> Self {
        let motor = Motor {
            guide_rate: 128,
            runs: false,
            seeks: false,
        };
        Self {
            axes: [motor; 2],
            loses_tracking,
        }
    }

    /// A goto takes the place of what they do.
    pub(super) fn hand_over(&mut self) {
        for motor in &mut self.axes {
            motor.runs = false;
            motor.seeks = false;
        }
    }

    fn of(&mut self, drive: Drive) -> &mut Motor {
        match drive {
            Drive::First => &mut self.axes[0],
            Drive::Second => &mut self.axes[1],
        }
    }
}

impl Nexstar {
    /// `P`: the bytes of the answer, without its `#`. Where it fails there is one more than was asked for.
    pub(super) fn pass_through(&mut self, bytes: &[u8]) -> Vec<u8> {
        let &[count, device, command, first, second, third, wanted] = bytes else {
            return vec![FAILED];
        };
        let data = [first, second, third];
        let given = usize::from(count.saturating_sub(1)).min(data.len());
        let answer = self.command(device, command, &data[..given]);
        let length = usize::from(wanted) + usize::from(answer.is_none());
        let mut answer = answer.unwrap_or_default();
        answer.resize(length, FAILED);
        answer
    }

    /// None: there is no such thing, or it does not know that.
    fn command(&mut self, device: u8, command: u8, data: &[u8]) -> Option<Vec<u8>> {
        let drive = match device {
            FIRST => Drive::First,
            SECOND => Drive::Second,
            // Neither a focuser (0x12) nor a GPS (0xB0) is there.
            _ => return None,
        };
        match (command, data) {
            (VERSION, _) => Some(MOTOR_VERSION.to_vec()),
            (TRACK_POSITIVE | TRACK_NEGATIVE, &[high, low, ..]) => {
                let rate = u16::from_be_bytes([high, low]);
                self.set_rate(drive, command == TRACK_POSITIVE, rate)
            }
            (MOVE_POSITIVE | MOVE_NEGATIVE, &[rate, ..]) => {
                let rate = match rate {
                    0 => 0.0,
                    rate => *RATES.get(usize::from(rate) - 1)?,
                };
                self.run(drive, command == MOVE_POSITIVE, rate)
            }
            (PULSE, &[percent, hundredths, ..]) => {
                let rate = f64::from(percent.cast_signed()) / 100.0 * SIDEREAL;
                let direction = self.direction(drive, rate > 0.0);
                if self.asleep {
                    return Some(Vec::new());
                }
                self.mount
                    .pulse(direction, rate.abs(), f64::from(hundredths) / 100.0);
                Some(Vec::new())
            }
            (IS_PULSING, _) => Some(vec![u8::from(self.mount.pulsing())]),
            (SET_GUIDE_RATE, &[rate, ..]) => {
                self.motors.of(drive).guide_rate = rate;
                Some(Vec::new())
            }
            (GUIDE_RATE, _) => Some(vec![self.motors.of(drive).guide_rate]),
            (SEEK_SWITCH, _) if self.hand.has_switches() => {
                self.seek(drive);
                Some(Vec::new())
            }
            (SWITCH_FOUND, _) if self.hand.has_switches() => {
                let found =
                    self.mount.home() == Home::Found && self.mount.course() != Course::Homing;
                Some(vec![if found { 0xff } else { 0 }])
            }
            _ => None,
        }
    }

    /// A rate in quarters of a second of arc a second, or what to follow.
    fn set_rate(&mut self, drive: Drive, positive: bool, rate: u16) -> Option<Vec<u8>> {
        let followed = match rate {
            0xffff => Tracking::Sidereal,
            0xfffe => Tracking::Solar,
            0xfffd => Tracking::Lunar,
            rate => return self.run(drive, positive, f64::from(rate) / 4.0 / 3600.0),
        };
        // The other way round it does not follow the sky.
        let northern = Hemisphere::at(self.belief.site.latitude) == Hemisphere::Northern;
        if drive == Drive::First {
            self.mount.track((positive == northern).then_some(followed));
        }
        Some(Vec::new())
    }

    /// Degrees a second; 0 stops.
    fn run(&mut self, drive: Drive, positive: bool, rate: f64) -> Option<Vec<u8>> {
        let direction = self.direction(drive, positive);
        if rate == 0.0 {
            self.halt(drive, direction);
        } else if !self.asleep {
            self.mount.jog(direction, rate);
            self.motors.of(drive).runs = true;
        }
        Some(Vec::new())
    }

    fn halt(&mut self, drive: Drive, direction: Direction) {
        if self.mount.course() == Course::Homing {
            self.mount.stop();
        }
        self.mount.stop_jog(direction);
        self.mount.stop_jog(opposite(direction));
        let motor = self.motors.of(drive);
        let ran = std::mem::replace(&mut motor.runs, false);
        motor.seeks = false;
        if ran && self.motors.loses_tracking {
            self.mount.track(None);
        }
    }

    /// Both axes look for their switches once both were told to.
    fn seek(&mut self, drive: Drive) {
        self.motors.of(drive).seeks = true;
        if self.motors.axes.iter().all(|motor| motor.seeks) {
            self.motors.hand_over();
            let pole = Hemisphere::at(self.site.latitude).pole();
            self.mount.find_marks((90.0, pole));
        }
    }

    fn direction(&self, drive: Drive, positive: bool) -> Direction {
        let north =
            self.is_fork() || self.mount.geometry().side(self.mount.axes()) == Some(PierSide::West);
        match (drive, positive) {
            (Drive::First, true) => Direction::West,
            (Drive::First, false) => Direction::East,
            (Drive::Second, positive) if positive == north => Direction::North,
            (Drive::Second, _) => Direction::South,
        }
    }
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::North => Direction::South,
        Direction::South => Direction::North,
        Direction::East => Direction::West,
        Direction::West => Direction::East,
    }
}
