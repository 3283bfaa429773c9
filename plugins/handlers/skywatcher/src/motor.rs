//! A motor and its gear: what it does, where it is, and how it is made to turn.

use serde::{Deserialize, Serialize};
use slewgate_sdk::{Failure, Host, Millis};

use crate::number::{self, MOST};
use crate::port::{self, Answer, Drive, Port, RUNNING};

/// What a motor tells of itself, the same as long as it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gear {
    /// Steps in a turn of the axis.
    pub(crate) steps: u32,
    /// Ticks of its timer in a second.
    pub(crate) timer: u32,
    /// Steps that it takes at a tick when it is fast.
    pub(crate) ratio: u32,
}

/// `:f`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status {
    /// It turns at a speed that it was given; else on the way to a place.
    pub(crate) at_speed: bool,
    pub(crate) back: bool,
    pub(crate) fast: bool,
    pub(crate) running: bool,
    pub(crate) blocked: bool,
    pub(crate) initialised: bool,
}

/// One of the two, for the time of a call.
pub(crate) struct Motor<'a> {
    pub(crate) host: &'a dyn Host,
    pub(crate) port: &'a Port,
    pub(crate) drive: Drive,
    pub(crate) gear: Gear,
}

/// How a speed is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) fast: bool,
    /// Ticks from step to step.
    pub(crate) period: u32,
}

/// Degrees a second that the sky turns.
pub(crate) const SIDEREAL: f64 = 360.0 / 86_164.09;

/// Times the sky above which a motor has to be fast.
const FAST: f64 = 128.0;
/// Ticks that a motor needs from step to step.
const SHORTEST: u32 = 6;

/// Degrees that a motor goes to fast, and those in steps that it needs to brake.
const FAR: f64 = 0.5;
const BRAKE_FAST: u32 = 3200;
const BRAKE_SLOW: u32 = 200;

/// A motor takes a second or two to come to rest from its fastest.
const REST_EVERY: Millis = 100;
const REST_LOOKS: u32 = 50;

impl Gear {
    /// In degrees, of a number of steps.
    pub(crate) fn degrees(self, steps: f64) -> f64 {
        steps * 360.0 / f64::from(self.steps)
    }

    /// For so many degrees a second, which are not 0.
    pub(crate) fn pace(self, rate: f64) -> Pace {
        let steps = rate.abs() / 360.0 * f64::from(self.steps);
        let ticks = f64::from(self.timer) / steps;
        // A cast of a float saturates.
        let slow = ticks.round() as u32;
        if slow >= SHORTEST && rate.abs() <= FAST * SIDEREAL {
            return Pace {
                fast: false,
                period: slow.min(MOST),
            };
        }
        let fast = (ticks * f64::from(self.ratio)).round() as u32;
        Pace {
            fast: true,
            period: fast.clamp(SHORTEST, MOST),
        }
    }

    /// Degrees a second at a period of a motor that is not fast.
    pub(crate) fn slow_rate(self, period: u32) -> f64 {
        self.degrees(f64::from(self.timer) / f64::from(period.max(1)))
    }
}

impl Status {
    pub(crate) fn read(digits: &[u8]) -> Option<Self> {
        let [what, how, whether] = digits else {
            return None;
        };
        let bit = |digit: &u8, bit: u8| Some(number::nibble(*digit)? & bit != 0);
        Some(Self {
            at_speed: bit(what, 1)?,
            back: bit(what, 2)?,
            fast: bit(what, 4)?,
            running: bit(how, 1)?,
            blocked: bit(how, 2)?,
            initialised: bit(whether, 1)?,
        })
    }

    /// Whether it is on its way to a place.
    pub(crate) fn goes(self) -> bool {
        self.running && !self.at_speed
    }
}

impl Motor<'_> {
    pub(crate) fn status(&self) -> Result<Status, Failure> {
        let digits = self.port.ask('f', self.drive, 3)?;
        let garbled = || Answer::None(digits.clone()).failure(&self.request('f'));
        Status::read(&digits).ok_or_else(garbled)
    }

    /// In steps.
    pub(crate) fn position(&self) -> Result<u32, Failure> {
        self.ask('j')
    }

    /// Ticks from step to step.
    pub(crate) fn period(&self) -> Result<u32, Failure> {
        self.ask('i')
    }

    /// 24 bits.
    pub(crate) fn ask(&self, letter: char) -> Result<u32, Failure> {
        let digits = self.port.ask(letter, self.drive, 6)?;
        let garbled = || Answer::None(digits.clone()).failure(&self.request(letter));
        number::read(&digits).ok_or_else(garbled)
    }

    pub(crate) fn tell(&self, letter: char, digits: &str) -> Result<(), Failure> {
        self.port.tell(letter, self.drive, digits)
    }

    /// Slows down, and waits until it is at rest.
    pub(crate) fn rest(&self) -> Result<(), Failure> {
        if !self.status()?.running {
            return Ok(());
        }
        self.tell('K', "")?;
        for _ in 0..REST_LOOKS {
            if !self.status()?.running {
                return Ok(());
            }
            self.host.sleep(REST_EVERY)?;
        }
        Err(Failure::Hardware(format!(
            "the motor of the {} axis does not come to rest",
            self.drive.name()
        )))
    }

    /// Sets out for a position, from rest.
    pub(crate) fn go(&self, position: u32) -> Result<(), Failure> {
        let now = self.position()?;
        if now == position {
            return Ok(());
        }
        let far = self.gear.degrees(f64::from(now.abs_diff(position))) > FAR;
        let (mode, brake) = if far {
            ('0', BRAKE_FAST)
        } else {
            ('2', BRAKE_SLOW)
        };
        self.mode(mode, position < now)?;
        self.tell('S', &number::written(position))?;
        self.tell('M', &number::written(brake))?;
        self.start()
    }

    /// Turns at so many degrees a second, until it is told otherwise; 0 is rest.
    pub(crate) fn run(&self, rate: f64) -> Result<(), Failure> {
        if rate.abs() < SIDEREAL / 1e3 {
            return self.rest();
        }
        let pace = self.gear.pace(rate);
        let status = self.status()?;
        let turns_so = status.running && status.at_speed && status.back == (rate < 0.0);
        if turns_so && !status.fast && !pace.fast {
            return self.tell('I', &number::written(pace.period));
        }
        if status.running {
            self.rest()?;
        }
        self.mode(if pace.fast { '3' } else { '1' }, rate < 0.0)?;
        self.tell('I', &number::written(pace.period))?;
        self.start()
    }

    /// What it is to do next, and which way round. A motor that still turns does not take it.
    fn mode(&self, mode: char, back: bool) -> Result<(), Failure> {
        let digits = format!("{mode}{}", u8::from(back));
        match self.port.order('G', self.drive, &digits)? {
            Answer::No(RUNNING) => {
                self.rest()?;
                self.tell('G', &digits)
            }
            answer => answer.done(&port::request('G', self.drive, &digits)),
        }
    }

    /// Where no answer came it may turn already: it is looked at before it is told again.
    fn start(&self) -> Result<(), Failure> {
        let answer = self.port.once('J', self.drive)?;
        if matches!(answer, Answer::None(_)) {
            if self.status()?.running {
                return Ok(());
            }
            return self.port.once('J', self.drive)?.done(&self.request('J'));
        }
        answer.done(&self.request('J'))
    }

    fn request(&self, letter: char) -> String {
        port::request(letter, self.drive, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EQ6: Gear = Gear {
        steps: 9_024_000,
        timer: 64_935,
        ratio: 16,
    };

    fn pace(fast: bool, period: u32) -> Pace {
        Pace { fast, period }
    }

    #[test]
    fn a_period_is_the_timers_ticks_from_step_to_step_and_the_ratio_is_the_fast_ones() {
        assert_eq!(EQ6.pace(SIDEREAL), pace(false, 620));
        assert_eq!(EQ6.pace(-SIDEREAL / 2.0), pace(false, 1240));
        assert_eq!(EQ6.pace(64.0 * SIDEREAL), pace(false, 10));
        // 128 times the sky would be less than 6 ticks of the slow timer.
        assert_eq!(EQ6.pace(128.0 * SIDEREAL), pace(true, 78));
        assert_eq!(EQ6.pace(800.0 * SIDEREAL), pace(true, 12));
        assert_eq!(EQ6.pace(90.0), pace(true, 6));
    }

    #[test]
    fn a_new_motor_takes_one_step_at_a_tick_also_when_it_is_fast() {
        let new = Gear {
            steps: 9_216_000,
            timer: 16_000_000,
            ratio: 1,
        };
        assert_eq!(new.pace(SIDEREAL), pace(false, 149_590));
        assert_eq!(new.pace(128.0 * SIDEREAL), pace(false, 1169));
        assert_eq!(new.pace(800.0 * SIDEREAL), pace(true, 187));
        assert!((new.slow_rate(149_590) - SIDEREAL).abs() < 1e-7);
    }

    #[test]
    fn each_bit_of_the_status_is_read_for_itself() {
        let told = |digits: &str| {
            let s = Status::read(digits.as_bytes()).unwrap();
            [
                s.at_speed,
                s.back,
                s.fast,
                s.running,
                s.blocked,
                s.initialised,
            ]
        };
        assert_eq!(told("000"), [false; 6]);
        for (digits, set) in [
            ("100", 0),
            ("200", 1),
            ("400", 2),
            ("010", 3),
            ("020", 4),
            ("001", 5),
        ] {
            let mut expected = [false; 6];
            expected[set] = true;
            assert_eq!(told(digits), expected, "{digits}");
        }
        // A level that some have, and what is no bit.
        assert_eq!(told("882"), [false; 6]);
        for digits in ["", "10", "1011", "1G1", "10a"] {
            assert_eq!(Status::read(digits.as_bytes()), None, "{digits}");
        }
    }
}
