//! What a request does, and what is answered.

use super::digits::{are_digits, long, read};
use super::motor::{Motor, ZERO};
use super::{Skywatcher, Which};
use crate::mount::Drive;

/// What is answered with `!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    Unknown,
    Length,
    Running,
    Digits,
    NotInitialised,
}

type Answer = Result<String, No>;

/// `:q` of a mount that has nothing beside.
const NO_FEATURES: &str = "000000";

impl Skywatcher {
    pub(super) fn obey(&mut self, request: &str) -> Vec<u8> {
        let answer = match self.answer(request) {
            Ok(digits) => format!("={digits}\r"),
            Err(no) => format!("!{}\r", no.code()),
        };
        answer.into_bytes()
    }

    fn answer(&mut self, request: &str) -> Answer {
        let mut letters = request.chars();
        let verb = letters.next().ok_or(No::Unknown)?;
        let length = length_of(verb).ok_or(No::Unknown)?;
        let which = letters.next().ok_or(No::Length)?;
        let value = letters.as_str();
        if value.chars().count() != length {
            return Err(No::Length);
        }
        if !are_digits(value) {
            return Err(No::Digits);
        }
        match (which, verb) {
            ('1', _) => self.do_one(Drive::First, verb, value),
            ('2', _) => self.do_one(Drive::Second, verb, value),
            ('3', 'F' | 'J' | 'K' | 'L') => {
                // Both are told, whatever the first answers.
                let both = Drive::BOTH.map(|drive| self.do_one(drive, verb, value));
                both.into_iter().collect()
            }
            _ => Err(No::Digits),
        }
    }

    fn do_one(&mut self, drive: Drive, verb: char, value: &str) -> Answer {
        let told = self.told_position(drive);
        let gear = self.gear;
        let motor = self.motor(drive);
        let number = read(value);
        let running = motor.runs();
        match (verb, number) {
            ('e', _) => return Ok(gear.version.map(|byte| format!("{byte:02X}")).concat()),
            ('a', _) => return Ok(long(gear.steps)),
            ('b', _) => return Ok(long(gear.timer)),
            ('g', _) => return Ok(format!("{:02X}", gear.ratio)),
            ('s', _) => return Ok(long(gear.worm)),
            ('j', _) => return Ok(long(told)),
            ('h', _) => return Ok(long(motor.target)),
            ('i', _) => return Ok(long(motor.period)),
            ('D', _) => return Ok(long(motor.sidereal_period())),
            ('f', _) => return Ok(motor.status()),
            ('q', _) => return Ok(NO_FEATURES.to_owned()),
            // No encoder on the axis, and no mark of its home.
            ('d', _) => return Ok(long(ZERO)),
            ('F', _) => motor.initialised = true,
            ('K', _) => motor.slow_down(),
            ('L', _) => motor.halt(),
            ('E' | 'G' | 'H' | 'S', _) if running => return Err(No::Running),
            ('J', _) if !motor.initialised => return Err(No::NotInitialised),
            ('J', _) => motor.start(),
            ('G', _) => {
                let mut digits = value.chars();
                let both = digits.next().zip(digits.next());
                let taken = both.is_some_and(|(mode, way)| motor.set_mode(mode, way));
                return taken.then(String::new).ok_or(No::Digits);
            }
            ('E', Some(position)) => motor.set_position(position),
            ('H', Some(steps)) => motor.set_increment(steps),
            ('S', Some(position)) => motor.target = position,
            ('I', Some(period)) => motor.set_period(period),
            // Within how many steps to brake, which the axis does as it can; the rate of a guide port, a camera's shutter, the light of
            // the polar finder, and what there is beside.
            ('M' | 'U' | 'P' | 'O' | 'V' | 'W', _) => {}
            _ => return Err(No::Digits),
        }
        Ok(String::new())
    }

    fn motor(&mut self, drive: Drive) -> &mut Motor {
        let Which { first, second } = &mut self.motors;
        match drive {
            Drive::First => first,
            Drive::Second => second,
        }
    }
}

/// How many digits follow the axis. None: it is not known.
fn length_of(verb: char) -> Option<usize> {
    match verb {
        'e' | 'a' | 'b' | 'g' | 's' | 'j' | 'h' | 'i' | 'D' | 'f' | 'd' | 'F' | 'J' | 'K' | 'L' => {
            Some(0)
        }
        'P' | 'O' => Some(1),
        'G' | 'V' => Some(2),
        'E' | 'H' | 'S' | 'M' | 'U' | 'I' | 'q' | 'W' => Some(6),
        _ => None,
    }
}

impl No {
    fn code(self) -> char {
        match self {
            Self::Unknown => '0',
            Self::Length => '1',
            Self::Running => '2',
            Self::Digits => '3',
            Self::NotInitialised => '4',
        }
    }
}
