//! What a plugin asks for when hardware is about to move, and for whom.

use std::fmt;
use std::time::Duration;

use slewgate_serial::{Exchange, StopCount};
use slewgate_sky::Equatorial;

use crate::control::Owner;
use crate::limits::Breach;

/// Number of an authenticated session; never reused while the host lives.
pub type Session = u64;

/// Shortest lease of a jog; a shorter one is lengthened to it.
pub const MIN_LEASE: Duration = Duration::from_millis(250);
/// Longest lease of a jog; a longer one is cut to it.
pub const MAX_LEASE: Duration = Duration::from_secs(10);
/// Lease of a jog whose client named none.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(1);
/// Longest note of a motion, in bytes.
pub const MAX_NOTE: usize = 4 * 1024;
/// Most exchanges in the ending of a motion.
pub const MAX_ENDING: usize = 8;
/// Longest label of a motion, in bytes.
pub const MAX_LABEL: usize = 64;

/// Number of a motion within its table; never reused while the host lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MotionId(pub u32);

impl fmt::Display for MotionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What sort of motion it is, which settles what its client owes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Runs until it is ended: a button held down. Lives only as long as its client renews its lease.
    Jog,
    /// A correction of known length, as guiding needs.
    Pulse,
    /// Ends by itself at a target: goto, home, park.
    Slew,
}

impl Kind {
    /// The word for it in events: `jog`, `pulse`, `slew`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Jog => "jog",
            Kind::Pulse => "pulse",
            Kind::Slew => "slew",
        }
    }
}

/// What becomes of a motion whose client is gone. A jog always ends with its client, and everything with a plugin that failed or was
/// unloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphan {
    /// End it.
    Stop,
    /// Let it reach its end.
    Complete,
}

/// A motion as `motion.begin` describes it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The plugin's word for the line that it moves by.
    pub role: String,
    /// What moves, such as `north`. At most [`MAX_LABEL`] bytes.
    pub label: String,
    /// What sort of motion it is.
    pub kind: Kind,
    /// What becomes of it without its client or plugin.
    pub orphan: Orphan,
    /// Longer than this it cannot take, counted from its beginning; cut to [`crate::MAX_MOTION`].
    pub at_most: Duration,
    /// Where it goes, in JNow.
    pub target: Option<Equatorial>,
    /// Ends this motion alone. Empty: only the line's stop sequence does. At most [`MAX_ENDING`].
    pub ending: Vec<Exchange>,
    /// When to call `advance` first, counted from the beginning or the renewal.
    pub first_look: Duration,
    /// Handed to `advance`. At most [`MAX_NOTE`] bytes.
    pub note: Vec<u8>,
}

/// The request that a motion begins for.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The session that it came in on.
    pub session: Session,
    /// The client, whatever its session.
    pub owner: Owner,
    /// Whether the command is of effect `move`.
    pub moves: bool,
    /// The count of stops of the role's line when the request was read.
    pub stop_count: StopCount,
    /// `lease_ms` of a jog; kept within [`MIN_LEASE`] and [`MAX_LEASE`].
    pub lease: Option<Duration>,
    /// It may point at the Sun, where there is a filter.
    pub sun_permitted: bool,
}

/// Why a motion may not begin.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Denied {
    /// The command is not of effect `move`.
    #[error(
        "the command is not of effect `move`; its description must say so before it may move anything"
    )]
    NotAMove,
    /// Another client is in control.
    #[error("controlled by {}", .0.name)]
    ControlledBy(Owner),
    /// A bound: which, its value and the plan's.
    #[error("{0}")]
    Limit(String),
    /// A limit of the site.
    #[error("{0}")]
    Beyond(Breach),
    /// A stop came after the request, or its session is closed.
    #[error("stopped: a stop came after this request, or its session is closed")]
    Stopped,
}

/// The lease that a client gets for the one that it asks for.
pub(crate) fn lease(asked: Option<Duration>) -> Duration {
    asked.unwrap_or(DEFAULT_LEASE).clamp(MIN_LEASE, MAX_LEASE)
}

impl Plan {
    /// The bounds that keep a table of motions small.
    pub(crate) fn check(&self) -> Result<(), Denied> {
        let bounds = [
            ("label", self.label.len(), MAX_LABEL, "bytes"),
            ("note", self.note.len(), MAX_NOTE, "bytes"),
            ("ending", self.ending.len(), MAX_ENDING, "exchanges"),
        ];
        match bounds.iter().find(|(_, found, most, _)| found > most) {
            Some((what, found, most, unit)) => Err(Denied::Limit(format!(
                "the {what} of a motion has at most {most} {unit}, and this one {found}"
            ))),
            None => Ok(()),
        }
    }
}
