//! What the administrator decides: the file `slewgate.toml`, the environment over it, and the checked values that
//! come of them. `Shape` is the file as it is written; [`Config`] is what the rooms get, one slice
//! each, free of anything that could still be wrong. An empty file works: every key has a default.
//!
//! Nothing here opens a device, a socket or a component, so that a configuration can be judged anywhere. The one file that is
//! read beside it is the horizon that `[limits]` names.

mod admission;
mod cameras;
mod check;
mod environment;
mod error;
mod limits;
mod lines;
mod nearest;
mod range;
mod shape;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};
use slewgate_engine::Limits as Allowance;
pub use slewgate_safety::Runaway;
use slewgate_security::admission::{AdmissionSettings, LimitBy};
use slewgate_security::log::Kept;
use slewgate_security::trust::PublicKey;
use slewgate_serial::{Address, StopSequence};
use slewgate_simulator::Family;
use slewgate_simulator::camera::CameraSettings;

use crate::net::limits::Limits;
use crate::tls::TlsFiles;

pub use crate::alarms::{AlarmUrl, AlarmUrlError, Alarms};
pub use environment::{Variable, of_process};
pub use error::ConfigError;
pub(crate) use lines::judge_mount;

/// The checked configuration of one host.
#[derive(Clone, Debug)]
pub struct Config {
    /// The port for commands.
    pub command: CommandPort,
    /// The port for the live view.
    pub liveview: LiveViewPort,
    /// Where the web page is to listen: `WS_IP` and `[web] port`.
    pub web: SocketAddr,
    /// Names that this machine is reached by, beside its own: `[server] names`.
    pub names: Vec<String>,
    /// Addresses of our own page, as browsers name them: `[web] public_urls`.
    pub public_urls: Vec<String>,
    /// What clients may use up, before and after they authenticate.
    pub admission: Admission,
    /// Where the telescope stands. A real mount has no default for it; simulators fall back on [`Site::SIMULATED`].
    pub site: Option<Site>,
    /// Where the telescope may point: `[limits]`.
    pub limits: slewgate_safety::limits::Limits,
    /// The lines to hardware, by name.
    pub lines: BTreeMap<String, Line>,
    /// The cameras of the host itself, by the names of their streams.
    pub cameras: BTreeMap<String, Camera>,
    /// The command handlers, by the name of their commands.
    pub plugins: BTreeMap<String, Plugin>,
    /// Settings for the policies, by client type. A type that is not here has none.
    pub policies: BTreeMap<String, Policy>,
    /// What plugins and policies may use up, where a table does not say otherwise.
    pub engine: Engine,
    /// Which components may run: `[trust]`.
    pub trust: Trust,
    /// Where the certificate of the ports and its key lie; none: they speak in clear. `[tls]`.
    pub tls: Option<TlsFiles>,
    /// How much of the security log is kept: `[security_log]`.
    pub security_log: Kept,
    /// Who hears of alarms: `[alarms]`.
    pub alarms: Alarms,
    /// A wall clock to pretend, for demonstrations and tests.
    pub clock: Option<PretendedClock>,
}

/// The port for commands: `WS_IP`, `[command]`, and what `[admission]` says about single connections.
#[derive(Clone, Debug)]
pub struct CommandPort {
    /// Where to listen. Port 0 picks a free one.
    pub address: SocketAddr,
    /// What one connection may cost.
    pub limits: Limits,
    /// Requests of one session that may wait for their turn; the next is answered with busy.
    pub queue: usize,
}

/// The port for the live view: `WS_IP` and `[liveview]`.
#[derive(Clone, Debug)]
pub struct LiveViewPort {
    /// Where to listen. Port 0 picks a free one.
    pub address: SocketAddr,
    /// What one connection may cost: as for commands, but for what pictures need.
    pub limits: Limits,
    /// Streams at a time.
    pub streams: usize,
}

/// What clients may use up together: `[admission]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Admission {
    /// Requests per minute for each key; the burst is as large.
    pub requests_per_minute: NonZeroU32,
    /// What the limit counts by.
    pub key: LimitBy,
    /// How many connections there may be.
    pub slots: AdmissionSettings,
}

/// Where the telescope stands: `[site]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// Degrees, north positive.
    pub latitude: f64,
    /// Degrees, east positive.
    pub longitude: f64,
    /// Metres above the ellipsoid.
    pub elevation: f64,
    /// UT1-UTC in seconds, from IERS Bulletin A; 0 where unknown.
    pub dut1: f64,
}

impl Site {
    /// Where a simulator stands that was told nothing: the Royal Observatory at Greenwich.
    pub const SIMULATED: Site = Site {
        latitude: 51.4779,
        longitude: 0.0,
        elevation: 46.0,
        dut1: 0.0,
    };

    /// The position alone, for what computes with it.
    pub fn position(&self) -> slewgate_sky::Site {
        slewgate_sky::Site {
            latitude: self.latitude,
            longitude: self.longitude,
            elevation: self.elevation,
        }
    }
}

/// A line to hardware: `[lines.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is at its end.
    pub device: Device,
    /// Bits per second.
    pub baud: u32,
    /// How long a device is left alone after it was opened.
    pub quiet: Duration,
    /// How everything on it is stopped where no plugin ever said so.
    pub stop: Option<StopSequence>,
    /// Where every byte of it is written down, if anywhere.
    pub transcript: Option<Transcript>,
}

/// Where a line's transcript is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transcript {
    /// In `transcripts/` of the data directory, under the line's name.
    InData,
    /// In this file; a relative path begins at the data directory.
    At(PathBuf),
}

/// What is at the end of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// A mount or a focuser that the host simulates, on a pseudo-terminal: `simulator:lx200/onstep`, `simulator:skywatcher`, `simulator:moonlite`, ….
    Simulator(Family),
    /// A serial device or a TCP port.
    Hardware(Address),
}

/// A camera that the host itself publishes: `[cameras.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// What takes its pictures.
    pub device: CameraDevice,
    /// From one picture to the next, while somebody watches.
    pub every: Duration,
}

/// What takes the pictures of a camera.
#[derive(Clone, Debug, PartialEq)]
pub enum CameraDevice {
    /// The host draws the stars where a simulated mount points.
    Simulator {
        /// The line of that mount.
        line: String,
        /// What pictures it draws.
        settings: CameraSettings,
    },
}

/// A command handler: `[plugins.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    /// File in the data directory's `handlers/`.
    pub component: String,
    /// From the plugin's role to a line's name: what it may open.
    pub lines: BTreeMap<String, String>,
    /// Handed to the plugin's `configure`.
    pub settings: Map<String, Value>,
    /// Whether the limits of the site hold. Off, nothing keeps the telescope from the Sun and the ground.
    pub limits: bool,
    /// Whether the mount is told site and time when it is attached.
    pub set_clock: bool,
    /// What is done where the mount moves though nothing was asked, or does not stop.
    pub runaway: Runaway,
    /// Whether a new version of it waits until nothing moves any more.
    pub reload_when_idle: bool,
    /// What it may use up.
    pub allowance: Allowance,
}

/// A permission policy: `[policies.CLIENT_TYPE]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Handed to the policy's `configure`.
    pub settings: Map<String, Value>,
    /// What it may use up.
    pub allowance: Allowance,
}

/// What plugins and policies may use up: `[engine]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Engine {
    /// A handler, where its table says nothing else.
    pub handler: Allowance,
    /// A policy: it computes for a shorter time, and cannot wait.
    pub policy: Allowance,
    /// Stack of each, in bytes.
    pub stack: usize,
}

/// What makes a component one that may run: `[trust]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nobody but root and the host's own user could have put it there.
    Owner,
    /// Its digest is in `trusted.txt` of the data directory.
    Digests,
    /// It is signed with one of these keys.
    Keys(Vec<PublicKey>),
}

/// A wall clock that starts where it is told: `[clock]`. Only with simulators, for a real mount would point elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PretendedClock {
    /// Its first reading, in milliseconds since 1970, UTC.
    pub start: f64,
    /// Seconds of it for each second that passes.
    pub rate: f64,
}

impl Config {
    /// Reads the file, or takes the defaults where there is none, and lays `variables` over it.
    pub fn load(file: Option<&Path>, variables: &[Variable]) -> Result<Self, ConfigError> {
        let Some(file) = file else {
            return Self::parse("slewgate.toml", "", variables);
        };
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file);
        let text =
            text.map_err(|error| ConfigError::new(&name, format!("cannot be read: {error}")))?;
        Self::read(&name, &text, variables, file.parent())
    }

    /// Reads the text of a file that messages call `name`. Files that it names are looked for in the working directory.
    pub fn parse(name: &str, text: &str, variables: &[Variable]) -> Result<Self, ConfigError> {
        Self::read(name, text, variables, None)
    }

    /// `folder`: where files are that the text names by relative paths.
    fn read(
        name: &str,
        text: &str,
        variables: &[Variable],
        folder: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let address = environment::address(variables)?;
        let mut source = source::Source::parse(name, text)?;
        environment::overlay(&mut source, variables);
        let folder = folder.unwrap_or(Path::new(""));
        check::check(&source, source.shape()?, address, folder)
    }
}
