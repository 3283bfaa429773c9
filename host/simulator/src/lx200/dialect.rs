//! The controllers that speak a form of LX200.

use crate::simulator::SimulatorError;
use std::fmt;
use std::str::FromStr;

/// Which controller a mount has: what it knows and how it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A Meade LX200 Classic.
    #[default]
    Classic,
    /// OnStepX.
    OnStep,
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
