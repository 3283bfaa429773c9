//! A mount, or another instrument, running on a pseudo-terminal.

use crate::fault::Fault;
use crate::faults::Faults;
use crate::instrument::{Instrument, Pointing};
use crate::line::{Line, WireFaults};
use crate::lx200::{Dialect, Lx200, Lx200Settings, MountState};
use crate::moonlite::{FocuserState, Moonlite, MoonliteSettings};
use crate::script::{Script, ScriptSettings};
use crate::skywatcher::{Skywatcher, SkywatcherModel, SkywatcherSettings, SkywatcherState};
use crate::terminal::{Terminal, Whereabouts};
use crate::wire::Wire;
use slewgate_sky::Equatorial;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;

/// An instrument, a mount where no other is named, that runs until this is dropped; whoever has its path open then sees the
/// device gone.
pub struct Simulator<I = Lx200> {
    instrument: Arc<Mutex<I>>,
    wire: Wire,
    faults: Faults,
    terminal: Terminal,
}

/// Where the device of a [`Simulator`] is. Clones are of the same one.
#[derive(Clone)]
pub struct Device(Whereabouts);

/// The kinds of instruments that can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// A mount that speaks LX200: `lx200/classic`, `lx200/onstep`, …; `lx200` alone is the Classic.
    Lx200(Dialect),
    /// A mount with motors of Sky-Watcher's: `skywatcher/eq6`, …; `skywatcher` alone is the EQ6.
    Skywatcher(SkywatcherModel),
    /// A focuser that speaks Moonlite: `moonlite`.
    Moonlite,
}

/// How an instrument is reached, and what is wrong with it from the beginning.
struct Place {
    link: Option<PathBuf>,
    baud: Option<u32>,
    faults: Vec<Fault>,
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
    /// The UDP port could not be opened.
    #[error("cannot open the UDP port {address}: {source}; choose one that is free")]
    Port {
        /// Where it was to be.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// No such family.
    #[error("no simulator is called {name:?}; there are {}", Family::devices().join(", "))]
    Unknown {
        /// What it was called.
        name: String,
    },
}

/// What a device's name begins with when it stands for a simulator.
const DEVICE_PREFIX: &str = "simulator:";
const LX200: &str = "lx200";
const SKYWATCHER: &str = "skywatcher";
const MOONLITE: &str = "moonlite";

impl Simulator {
    /// Starts a mount that speaks LX200.
    pub fn start_lx200(settings: Lx200Settings) -> Result<Self, SimulatorError> {
        let mount = Lx200::new(&settings);
        let wire = mount.wire();
        let Lx200Settings {
            link, baud, faults, ..
        } = settings;
        Self::start(mount, wire, Place { link, baud, faults })
    }

    /// What is true of the mount now, whatever it says.
    pub fn state(&self) -> MountState {
        locked(&self.instrument, Lx200::state)
    }

    /// Where the axes point in JNow now, whatever the mount says; a camera on it sees this. It is no traffic on the line.
    pub fn pointing(&self) -> Equatorial {
        self.state().position
    }
}

impl Simulator<Skywatcher> {
    /// Starts a mount whose motors are spoken to.
    pub fn start_skywatcher(settings: SkywatcherSettings) -> Result<Self, SimulatorError> {
        let mount = Skywatcher::new(&settings);
        let wire = mount.wire();
        let SkywatcherSettings {
            link, baud, faults, ..
        } = settings;
        Self::start(mount, wire, Place { link, baud, faults })
    }

    /// What is true of the mount now, whatever it says.
    pub fn state(&self) -> SkywatcherState {
        locked(&self.instrument, Skywatcher::state)
    }

    /// Where the axes point in JNow now, whatever the mount says; a camera on it sees this. It is no traffic on the line.
    pub fn pointing(&self) -> Equatorial {
        self.state().position
    }
}

impl Simulator<Moonlite> {
    /// Starts a focuser that speaks Moonlite.
    pub fn start_moonlite(settings: MoonliteSettings) -> Result<Self, SimulatorError> {
        let focuser = Moonlite::new(&settings);
        let wire = focuser.wire();
        let MoonliteSettings {
            link, baud, faults, ..
        } = settings;
        Self::start(focuser, wire, Place { link, baud, faults })
    }

    /// What is true of the focuser now, whatever it says.
    pub fn state(&self) -> FocuserState {
        locked(&self.instrument, Moonlite::state)
    }
}

impl Simulator<Script> {
    /// Starts what knows its answers by heart.
    pub fn start_script(script: Script, settings: ScriptSettings) -> Result<Self, SimulatorError> {
        let wire = script.wire();
        let ScriptSettings { link, baud } = settings;
        let faults = Vec::new();
        Self::start(script, wire, Place { link, baud, faults })
    }

    /// What was heard that the script has no answer to.
    pub fn unknown(&self) -> Vec<u8> {
        locked(&self.instrument, |script| script.unknown())
    }
}

impl Pointing for Simulator {
    fn pointing(&self) -> Equatorial {
        self.state().position
    }
}

impl Pointing for Simulator<Skywatcher> {
    fn pointing(&self) -> Equatorial {
        self.state().position
    }
}

impl<I> Simulator<I> {
    fn start(instrument: I, wire: Wire, place: Place) -> Result<Self, SimulatorError>
    where
        I: Instrument,
    {
        let instrument = Arc::new(Mutex::new(instrument));
        let wire_faults = Arc::new(WireFaults::new(&place.faults, Instant::now()));
        let line = Line::new(Arc::clone(&instrument), Arc::clone(&wire_faults));
        let terminal = Terminal::start(place.link, place.baud, line)?;
        let ailing = Arc::clone(&instrument);
        let faults = Faults::new(ailing, wire_faults, terminal.waker());
        Ok(Self {
            instrument,
            wire,
            faults,
            terminal,
        })
    }

    /// What to open as a serial device: the link if there is one, else the pseudo-terminal itself, which has another name
    /// after each [`disconnect`](crate::Fault).
    pub fn path(&self) -> PathBuf {
        self.device().path()
    }

    /// Its device, to ask for its path and wait for its return. It does not keep the instrument running.
    pub fn device(&self) -> Device {
        Device(self.terminal.whereabouts())
    }

    /// What is wrong with it; more can be, and nothing again, while it runs.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// What the instrument received and answered.
    pub fn wire(&self) -> Wire {
        self.wire.clone()
    }
}

impl Device {
    /// See [`Simulator::path`].
    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// Waits until the device has been there so many times: once from the start, and once more after each
    /// [`disconnect`](crate::Fault). False: not within `patience`. Blocks the thread.
    pub fn wait_for_opening(&self, number: u64, patience: Duration) -> bool {
        self.0.wait_for_opening(number, patience)
    }
}

impl Family {
    /// The family that a device's name asks for: `simulator:lx200`. None: it names a real device.
    pub fn of_device(device: &str) -> Option<Result<Self, SimulatorError>> {
        device.strip_prefix(DEVICE_PREFIX).map(str::parse)
    }

    /// The devices' names that can be asked for; `simulator:lx200` is short for the first.
    pub fn devices() -> Vec<String> {
        let mounts = Dialect::ALL.into_iter().map(Self::Lx200);
        let motors = SkywatcherModel::ALL.into_iter().map(Self::Skywatcher);
        let families = mounts.chain(motors).chain([Self::Moonlite]);
        families
            .map(|family| format!("{DEVICE_PREFIX}{family}"))
            .collect()
    }

    /// Whether it is a mount, which points somewhere.
    pub fn is_mount(self) -> bool {
        matches!(self, Self::Lx200(_) | Self::Skywatcher(_))
    }
}

impl FromStr for Family {
    type Err = SimulatorError;

    fn from_str(name: &str) -> Result<Self, SimulatorError> {
        match name.split_once('/') {
            None if name == LX200 => Ok(Self::Lx200(Dialect::default())),
            None if name == SKYWATCHER => Ok(Self::Skywatcher(SkywatcherModel::default())),
            None if name == MOONLITE => Ok(Self::Moonlite),
            Some((LX200, dialect)) => dialect.parse().map(Self::Lx200),
            Some((SKYWATCHER, model)) => model.parse().map(Self::Skywatcher),
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
            Self::Skywatcher(model) => write!(f, "{SKYWATCHER}/{model}"),
            Self::Moonlite => f.write_str(MOONLITE),
        }
    }
}

pub(crate) fn locked<I, T>(instrument: &Mutex<I>, does: impl FnOnce(&mut I) -> T) -> T {
    does(&mut instrument.lock().unwrap_or_else(PoisonError::into_inner))
}
