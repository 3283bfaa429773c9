//! A mount running on a pseudo-terminal.

use crate::lx200::{Dialect, Lx200, Lx200Settings, MountState};
use crate::terminal::Terminal;
use crate::wire::Wire;
use slewgate_sky::Equatorial;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// A mount that runs until this is dropped; whoever has its path open then sees the device gone.
pub struct Simulator {
    mount: Arc<Mutex<Lx200>>,
    wire: Wire,
    terminal: Terminal,
}

/// The kinds of mounts that can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// A mount that speaks LX200: `lx200/classic`, `lx200/onstep`, …; `lx200` alone is the Classic.
    Lx200(Dialect),
}

/// Why a simulator did not start.
#[derive(Debug, Error)]
pub enum SimulatorError {
    /// The system gave no pseudo-terminal.
    #[error("cannot open a pseudo-terminal: {0}")]
    Terminal(std::io::Error),
    /// The link could not be made.
    #[error("cannot make the link {}: {source}; choose a free path in a directory that you may write to", path.display())]
    Link {
        /// What was to be the link.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// No such family.
    #[error("no simulator is called {name:?}; there are {}", Family::devices().join(" and "))]
    Unknown {
        /// What it was called.
        name: String,
    },
}

/// What a device's name begins with when it stands for a simulator.
const DEVICE_PREFIX: &str = "simulator:";
const LX200: &str = "lx200";

impl Simulator {
    /// Starts a mount that speaks LX200.
    pub fn start_lx200(settings: Lx200Settings) -> Result<Self, SimulatorError> {
        let lx200 = Lx200::new(&settings);
        let wire = lx200.wire();
        let mount = Arc::new(Mutex::new(lx200));
        let served = Arc::clone(&mount);
        let terminal = Terminal::start(settings.link, move |bytes| {
            locked(&served, |mount| mount.receive(bytes))
        })?;
        Ok(Self {
            mount,
            wire,
            terminal,
        })
    }

    /// What to open as a serial device: the link if there is one, else the pseudo-terminal itself.
    pub fn path(&self) -> &Path {
        self.terminal.path()
    }

    /// What the mount received and answered.
    pub fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// What is true of the mount now, whatever it says.
    pub fn state(&self) -> MountState {
        locked(&self.mount, Lx200::state)
    }

    /// Where the axes point in JNow now, whatever the mount says; a camera on it sees this. It is no traffic on the line.
    pub fn pointing(&self) -> Equatorial {
        self.state().position
    }
}

impl Family {
    /// The family that a device's name asks for: `simulator:lx200`. None: it names a real device.
    pub fn of_device(device: &str) -> Option<Result<Self, SimulatorError>> {
        device.strip_prefix(DEVICE_PREFIX).map(str::parse)
    }

    /// The devices' names that can be asked for; `simulator:lx200` is short for the first.
    pub fn devices() -> Vec<String> {
        Dialect::ALL
            .map(|dialect| format!("{DEVICE_PREFIX}{}", Self::Lx200(dialect)))
            .to_vec()
    }
}

impl FromStr for Family {
    type Err = SimulatorError;

    fn from_str(name: &str) -> Result<Self, SimulatorError> {
        match name.split_once('/') {
            None if name == LX200 => Ok(Self::Lx200(Dialect::default())),
            Some((LX200, dialect)) => dialect.parse().map(Self::Lx200),
            _ => Err(SimulatorError::Unknown {
                name: name.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lx200(dialect) => write!(f, "{LX200}/{dialect}"),
        }
    }
}

fn locked<T>(mount: &Mutex<Lx200>, does: impl FnOnce(&mut Lx200) -> T) -> T {
    does(&mut mount.lock().unwrap_or_else(PoisonError::into_inner))
}
