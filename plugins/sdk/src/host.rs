//! What the host lends to a handler for the time of a call. A component asks the real one, a test the [`Script`](crate::Script).

use crate::bindings::command_handler::exports::slewgate::plugin::handler::Failure;
use crate::bindings::command_handler::slewgate::plugin::{motion, serial, sky};
use crate::{Equatorial, Exchange, Framing, Horizontal, Instant, Millis, Plan, Site};

pub use motion::ErrorCode as MotionError;
pub use serial::ErrorCode as LineError;
pub use sky::Frame;

/// The powers of a handler. `wit/` says what each does.
pub trait Host {
    /// Milliseconds since 1970-01-01T00:00Z.
    fn now(&self) -> Instant;
    /// Waits; fails with `Stopped` when a stop comes in meanwhile.
    fn sleep(&self, at_most: Millis) -> Result<(), LineError>;

    /// The line that the configuration gives to this role.
    fn line(&self, role: &str) -> Result<Box<dyn Line>, LineError>;
    /// Says that the hardware is about to move: before the bytes that move it.
    fn begin(&self, plan: &Plan) -> Result<u32, MotionError>;

    /// What was kept under `key`, by any instance of this plugin.
    fn recall(&self, key: &str) -> Option<Vec<u8>>;
    /// Keeps `value` beyond this instance. Fails where there is no room.
    fn keep(&self, key: &str, value: &[u8]) -> Result<(), Failure>;
    /// News for the clients that subscribed to `topic`, as JSON text.
    fn publish(&self, topic: &str, data: &str);

    /// A position in another frame.
    fn convert(&self, position: Equatorial, given: Frame, wanted: Frame, at: Instant)
    -> Equatorial;
    /// Where a position in JNow stands above the horizon.
    fn to_horizontal(&self, position: Equatorial, at: Instant, site: Site) -> Horizontal;
    /// What position in JNow stands there.
    fn to_equatorial(&self, position: Horizontal, at: Instant, site: Site) -> Equatorial;
    /// Local apparent sidereal time in hours.
    fn sidereal_time(&self, at: Instant, site: Site) -> f64;
    /// Degrees between two positions in one frame.
    fn separation(&self, a: Equatorial, b: Equatorial) -> f64;
}

/// A serial line. One exchange is never mixed with another's bytes.
pub trait Line {
    /// Writes, then reads one reply.
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError>;
    /// Keeps others off the line for at most so long, or until what is returned is dropped.
    fn hold(&self, at_most: Millis) -> Result<Box<dyn Held>, LineError>;
}

/// A line held for several exchanges.
pub trait Held {
    /// Writes, then reads one reply.
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError>;
    /// Writes without reading.
    fn write(&self, bytes: &[u8]) -> Result<(), LineError>;
    /// Reads without writing.
    fn read(&self, reply: Framing, timeout: Millis) -> Result<Vec<u8>, LineError>;
}

impl From<LineError> for Failure {
    fn from(error: LineError) -> Self {
        Self::Line(error)
    }
}

impl From<MotionError> for Failure {
    fn from(error: MotionError) -> Self {
        match error {
            MotionError::NotGranted => Self::Line(LineError::NotGranted),
            MotionError::NotAMove => {
                Self::Internal("a command that moves the hardware is not of effect move".into())
            }
            MotionError::ControlledBy(holder) => Self::Refused(format!("{holder} is in control")),
            MotionError::Limit(limit) => Self::Refused(limit),
            MotionError::Stopped => Self::Line(LineError::Stopped),
        }
    }
}
