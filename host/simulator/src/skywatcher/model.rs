//! The mounts that can be simulated: what their motors tell of themselves.

use crate::simulator::SimulatorError;
use std::fmt;
use std::str::FromStr;

/// Which mount it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SkywatcherModel {
    /// An EQ6 with the firmware of its first years: a slow timer, and 16 steps at a tick when it is fast.
    #[default]
    Eq6,
    /// An AZ-EQ6 with a newer one: a fast timer, and one step at a tick.
    AzEq6,
}

/// What does not change while it is on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gear {
    /// Major, minor, and the code of the mount.
    pub(super) version: [u8; 3],
    /// Steps in a turn of the axis.
    pub(super) steps: u32,
    /// Ticks of the timer in a second.
    pub(super) timer: u32,
    /// Steps at a tick of a motor that is fast.
    pub(super) ratio: u8,
    /// Steps in a turn of the worm.
    pub(super) worm: u32,
}

impl SkywatcherModel {
    /// All that there are.
    pub const ALL: [Self; 2] = [Self::Eq6, Self::AzEq6];

    /// As it is asked for: `eq6`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq6 => "eq6",
            Self::AzEq6 => "azeq6",
        }
    }

    pub(super) fn gear(self) -> Gear {
        match self {
            Self::Eq6 => Gear {
                version: [2, 9, 0x00],
                steps: 9_024_000,
                timer: 64_935,
                ratio: 16,
                worm: 50_133,
            },
            Self::AzEq6 => Gear {
                version: [3, 39, 0x05],
                steps: 9_216_000,
                timer: 16_000_000,
                ratio: 1,
                worm: 51_200,
            },
        }
    }
}

impl fmt::Display for SkywatcherModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SkywatcherModel {
    type Err = SimulatorError;

    fn from_str(name: &str) -> Result<Self, SimulatorError> {
        let known = Self::ALL.into_iter().find(|model| model.name() == name);
        known.ok_or_else(|| SimulatorError::Unknown {
            name: format!("skywatcher/{name}"),
        })
    }
}
