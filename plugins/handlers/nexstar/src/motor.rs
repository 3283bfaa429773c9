//! What is passed through to the motors: `P`, how many bytes follow for the motor, which motor, what, three bytes for that, and how
//! many bytes it is to answer with.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Direction, Rate, Tracking};
use slewgate_sdk::{Exchange, Failure, Millis};

use crate::mount::Mount;
use crate::port::{Port, ordered};

/// An axis, by the number of its motor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Axis {
    /// Right ascension or azimuth.
    First,
    /// Declination or altitude.
    Second,
}

/// A way to turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Way {
    pub(crate) axis: Axis,
    pub(crate) positive: bool,
}

const TRACK_POSITIVE: u8 = 6;
const TRACK_NEGATIVE: u8 = 7;
const SEEK_SWITCH: u8 = 0x0b;
const SWITCH_FOUND: u8 = 0x12;
const MOVE_POSITIVE: u8 = 36;
const MOVE_NEGATIVE: u8 = 37;
const PULSE: u8 = 0x26;
const IS_PULSING: u8 = 0x27;
const VERSION: u8 = 0xfe;

/// The answer to `p` of a German mount that looks to the east.
const LOOKS_EAST: u8 = b'E';

impl Axis {
    pub(crate) const BOTH: [Self; 2] = [Self::First, Self::Second];

    fn device(self) -> u8 {
        match self {
            Self::First => 0x10,
            Self::Second => 0x11,
        }
    }

    fn command(self, command: u8, data: &[u8], answer: u8) -> [u8; 8] {
        let byte = |at: usize| data.get(at).copied().unwrap_or_default();
        // At most three.
        let count = data.len() as u8 + 1;
        let device = self.device();
        [
            b'P',
            count,
            device,
            command,
            byte(0),
            byte(1),
            byte(2),
            answer,
        ]
    }

    /// Ends what was begun by a rate.
    pub(crate) fn stop(self) -> Exchange {
        ordered(&self.command(MOVE_POSITIVE, &[0], 0))
    }

    /// Follows the Sun or the Moon, or the stars, at the rate that the motor has for them: to the west is positive in the northern
    /// hemisphere.
    pub(crate) fn follow(self, port: &Port, rate: Tracking, northern: bool) -> Result<(), Failure> {
        let low = match rate {
            Tracking::Solar => 0xfe,
            Tracking::Lunar => 0xfd,
            Tracking::Sidereal | Tracking::Off => 0xff,
        };
        let command = if northern {
            TRACK_POSITIVE
        } else {
            TRACK_NEGATIVE
        };
        taken(port, &self.command(command, &[0xff, low], 0))
    }

    /// Sets out for the switch that marks its home.
    pub(crate) fn seek(self, port: &Port) -> Result<(), Failure> {
        taken(port, &self.command(SEEK_SWITCH, &[], 0))
    }

    /// None: it has no switch.
    pub(crate) fn has_found(self, port: &Port) -> Result<Option<bool>, Failure> {
        let told = port.pass(&self.command(SWITCH_FOUND, &[], 1))?;
        Ok(told.map(|told| told != [0]))
    }

    /// Whether it keeps the time of pulses.
    pub(crate) fn pulses(self, port: &Port) -> Result<bool, Failure> {
        Ok(port.pass(&self.command(IS_PULSING, &[], 1))?.is_some())
    }

    /// None: there is no motor that answers.
    pub(crate) fn version(self, port: &Port) -> Result<Option<Vec<u8>>, Failure> {
        port.pass(&self.command(VERSION, &[], 2))
    }
}

impl Way {
    /// On this mount as it stands. The motor of a German mount's declination turns to the north by what is positive while the
    /// telescope looks to the east, and to the south on the other side; where nobody tells the side it is taken for the east.
    pub(crate) fn to(mount: &Mount, direction: Direction) -> Result<Self, Failure> {
        let north = |wanted: bool| {
            let looks = match mount.tells_its_side() {
                true => mount.port.one_or_none(b"p")?,
                false => None,
            };
            Ok::<_, Failure>(looks.is_none_or(|looks| looks == LOOKS_EAST) == wanted)
        };
        let (axis, positive) = match direction {
            Direction::West => (Axis::First, true),
            Direction::East => (Axis::First, false),
            Direction::North => (Axis::Second, north(true)?),
            Direction::South => (Axis::Second, north(false)?),
        };
        Ok(Self { axis, positive })
    }

    /// At one of the rates of the hand control's buttons, until it is stopped.
    pub(crate) fn run(self, port: &Port, rate: Rate) -> Result<(), Failure> {
        let command = match self.positive {
            true => MOVE_POSITIVE,
            false => MOVE_NEGATIVE,
        };
        let button = match rate {
            Rate::Guide => 1,
            Rate::Center => 4,
            Rate::Find => 7,
            Rate::Slew => 9,
        };
        taken(port, &self.axis.command(command, &[button], 0))
    }

    /// By so many percent of the rate of the sky, for so long in steps of 10 ms.
    pub(crate) fn pulse(self, port: &Port, percent: i8, millis: Millis) -> Result<(), Failure> {
        let percent = if self.positive { percent } else { -percent };
        let hundredths = u8::try_from((millis + 5) / 10).unwrap_or(u8::MAX);
        let data = [percent.cast_unsigned(), hundredths];
        taken(port, &self.axis.command(PULSE, &data, 0))
    }
}

fn taken(port: &Port, order: &[u8; 8]) -> Result<(), Failure> {
    match port.pass(order)? {
        Some(_) => Ok(()),
        None => Err(Failure::Hardware(format!(
            "the motor did not take {}",
            order.escape_ascii()
        ))),
    }
}
