//! Mounts, and a focuser, that answer on a pseudo-terminal, for tests, for development and for trying Slewgate without a
//! telescope.
//!
//! A [`Simulator`] is opened by its path like a serial device and cannot be told from one; a [`UdpSimulator`] is a port in the
//! network. Three thoughts, apart from each other: how a mount moves (`axis`, `mount`: no protocol, no clock), what it says
//! (`lx200`, in its dialects: bytes in, bytes out, no input or output) and the pseudo-terminal (`unix`). A mount whose motors are
//! spoken to is a room of its own, `skywatcher`, and so is a focuser, `moonlite`; what the rest needs to know of each is an
//! `instrument`. What a camera on the mount would see is in [`camera`]. Time is whatever the clock passed in says; nothing here waits
//! for time to pass, since where an axis is follows from when it is asked.
//!
//! A [`Fault`] is of one of the three: of an axis, of what is said of it (`lies`), or of the wire between (`line`). A [`Replay`]
//! answers on a pseudo-terminal too, with what a mount said when a transcript was made; a [`Script`] knows its answers by heart.

mod axis;
mod datagrams;
mod fault;
mod faults;
mod instrument;
mod lies;
mod line;
mod lx200;
mod moonlite;
mod mount;
mod peer;
mod replay;
mod script;
mod simulator;
mod skywatcher;
mod wire;

pub mod camera;

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
use elsewhere as terminal;
#[cfg(unix)]
use unix as terminal;

pub use datagrams::UdpSimulator;
pub use fault::{ActiveFault, Fault, FaultError};
pub use faults::Faults;
pub use instrument::Pointing;
pub use lx200::{Dialect, Lx200, Lx200Settings, MountState, Precision};
pub use moonlite::{FocuserState, Moonlite, MoonliteSettings};
pub use replay::{Difference, Recording, RecordingError, Replay, ReplaySettings};
pub use script::{Script, ScriptError, ScriptSettings};
pub use simulator::{Device, Family, Simulator, SimulatorError};
pub use skywatcher::{Skywatcher, SkywatcherModel, SkywatcherSettings, SkywatcherState};
pub use wire::{Frame, Wire};
