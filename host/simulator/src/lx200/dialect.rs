//! The controllers that speak a form of LX200.

use super::answer::Answer;
use super::verbs::Entry;
use super::{Lx200, Precision, classic, onstep};
use crate::mount::Geometry;
use crate::simulator::SimulatorError;
use std::fmt;
use std::str::FromStr;

/// Which controller a mount has: what it knows and how it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A Meade LX200 Classic, on a fork.
    #[default]
    Classic,
    /// OnStepX, on a German mount.
    OnStep,
}

/// What is particular to a dialect. Everything else is the same for all.
pub(super) struct Manner {
    /// Its verbs. The first table that knows a command decides.
    pub(super) verbs: &'static [&'static [Entry]],
    /// What it does with a command.
    pub(super) obey: fn(&mut Lx200, &str) -> Answer,
    /// What it writes between degrees and minutes.
    pub(super) mark: char,
    /// None: clients choose.
    pub(super) precision: Option<Precision>,
    /// Whether it knows frames with a checksum.
    pub(super) checks: bool,
    /// How its mount is built, at a latitude.
    pub(super) geometry: fn(f64) -> Geometry,
    /// Hour angle and declination of its home, at a latitude.
    pub(super) home: fn(f64) -> (f64, f64),
    /// Whether it stops following the sky once it is home.
    pub(super) rests_at_home: bool,
}

impl Dialect {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Classic, Self::OnStep];

    /// As settings and the command line call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::OnStep => "onstep",
        }
    }

    pub(super) fn manner(self) -> &'static Manner {
        match self {
            Self::Classic => &classic::MANNER,
            Self::OnStep => &onstep::MANNER,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = SimulatorError;

    fn from_str(name: &str) -> Result<Self, SimulatorError> {
        let known = Self::ALL.into_iter().find(|dialect| dialect.name() == name);
        known.ok_or_else(|| SimulatorError::Unknown {
            name: format!("lx200/{name}"),
        })
    }
}
