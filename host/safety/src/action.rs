//! What the state machine wants done, and what it tells.

use std::fmt;
use std::time::Instant;

use slewgate_serial::Exchange;
use slewgate_sky::Equatorial;

use crate::control::ControlEvent;
use crate::plan::{Kind, MotionId, Session};

/// One thing to do. A list of them is carried out in its order.
#[derive(Clone, Debug)]
pub enum Action {
    /// Write this motion's own ending to the role's line, before everything that is queued there. It is no stop: the
    /// count stays, and what others asked for goes on.
    Send {
        /// The motion that ends by it.
        motion: MotionId,
        /// The line's role.
        role: String,
        /// What to write, at most [`crate::MAX_ENDING`].
        exchanges: Vec<Exchange>,
    },
    /// Send the stop sequence of the role's line, and then say so with [`crate::Motions::stopped`], for each
    /// role that shares the line: the sequence takes every motion along. What that asks for comes after the
    /// rest of this list. With [`Cause::LineLost`] and [`Cause::Superseded`] nobody is stopped and nothing is to be said: the
    /// sequence goes out like the ending of a motion, or is owed to the device.
    StopLine {
        /// The line's role.
        role: String,
        /// Why the host stops it.
        cause: Cause,
    },
    /// Call the plugin's `advance`, and answer with [`crate::Motions::progress`], also when the call fails.
    /// There is never more than one such call under way for a motion.
    Advance {
        /// The motion to look after.
        motion: MotionId,
        /// Why now.
        occasion: Occasion,
        /// The plugin's own note.
        note: Vec<u8>,
    },
    /// Tell the log and those who subscribed.
    Event(MotionEvent),
    /// What was told to stand is seen to stand, or to follow the sky: tell the log and those who subscribed.
    AtRest,
    /// Control changed hands: tell the log and those who subscribed.
    Control(ControlEvent),
    /// Have the plugin end that the hardware follows the sky. It comes behind the stop of its line.
    StopTracking,
    /// Call people.
    Alarm(Alarm),
}

/// Something that people should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What sort of thing it is.
    pub kind: AlarmKind,
    /// In a sentence.
    pub what: String,
}

/// What people are called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// The hardware was told to stop, again and again, and does not; or nobody can see whether it does.
    DoesNotStop,
    /// The hardware moves, and nobody asked it to.
    Runaway,
    /// The hardware, which nobody moved, came to a limit of the site.
    Limit,
    /// The hardware may be on its way to a limit of the site, and nobody sees where it points.
    Unseen,
    /// The plugin did not do what the host ordered.
    Disobeyed,
}

impl AlarmKind {
    /// The word for it in events, such as `does_not_stop`.
    pub fn as_str(self) -> &'static str {
        match self {
            AlarmKind::DoesNotStop => "does_not_stop",
            AlarmKind::Runaway => "runaway",
            AlarmKind::Limit => "limit",
            AlarmKind::Unseen => "unseen",
            AlarmKind::Disobeyed => "disobeyed",
        }
    }
}

/// Why `advance` is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// `first_look` or the last step's `after` has passed.
    Look,
    /// The host ended the motion: put the hardware in order, such as back to tracking.
    Ended,
}

/// What `advance` answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Call again.
    Again {
        /// After this long; at least [`crate::MIN_LOOK`].
        after: std::time::Duration,
        /// With this note instead of the one before.
        note: Vec<u8>,
    },
    /// It came to its end by itself.
    Done,
    /// It did not do what it was to do: why, for the client that began it.
    Failed(String),
    /// The call failed as a whole, as by a trap: why. The plugin cannot be trusted to look after anything: see
    /// [`crate::Motions::plugin_failed`].
    Fell(String),
    /// The hardware did not answer, or not clearly: why. A slew is looked at again with the same note after
    /// [`crate::UNCLEAR_LOOK`], and fails with the [`crate::MAX_UNCLEAR`]th time in a row; any other motion fails at once.
    Unclear(String),
}

/// Why a motion ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its client did not renew the lease.
    Lease,
    /// Its client's session closed.
    SessionClosed,
    /// Somebody stopped it.
    Stop,
    /// It took longer than it could, or a jog longer than [`crate::MAX_JOG`].
    AtMost,
    /// It reached its end.
    Done,
    /// It did not, or nobody can tell: why.
    Failed(String),
    /// Its plugin failed or is gone.
    Orphaned,
    /// The device of its line was lost: how. What became of it nobody can tell.
    LineLost(String),
    /// A newer motion took its place.
    Superseded,
    /// Another client took control of the hardware.
    ControlLost,
    /// A limit of the site is ahead, or was passed: which.
    Limit(String),
    /// Nobody sees where it points, so that its limits cannot be kept: why.
    Unseen(String),
    /// The hardware was told to stand and does not.
    DoesNotStop,
    /// The hardware moves, and nobody asked it to.
    Runaway,
}

impl Cause {
    /// The word for it in events, such as `session_closed`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Cause::Lease => "lease",
            Cause::SessionClosed => "session_closed",
            Cause::Stop => "stop",
            Cause::AtMost => "at_most",
            Cause::Done => "done",
            Cause::Failed(_) => "failed",
            Cause::Orphaned => "orphaned",
            Cause::LineLost(_) => "line_lost",
            Cause::Superseded => "superseded",
            Cause::ControlLost => "control_lost",
            Cause::Limit(_) => "limit",
            Cause::Unseen(_) => "unseen",
            Cause::DoesNotStop => "does_not_stop",
            Cause::Runaway => "runaway",
        }
    }
}

impl Cause {
    /// The host ended it, and nobody asked it to at that moment.
    #[must_use]
    pub fn is_of_the_host(&self) -> bool {
        !matches!(
            self,
            Cause::Stop | Cause::Done | Cause::Failed(_) | Cause::Superseded
        )
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Lease => "its lease ran out",
            Cause::SessionClosed => "its session closed",
            Cause::Stop => "it was stopped",
            Cause::AtMost => "it took longer than it may",
            Cause::Done => "it is done",
            Cause::Failed(why) => return write!(f, "it failed: {why}"),
            Cause::Orphaned => "its plugin failed or is gone",
            Cause::LineLost(how) => return write!(f, "its device is gone: {how}"),
            Cause::Superseded => "a newer motion took its place",
            Cause::ControlLost => "another client took control",
            Cause::Limit(which) => return f.write_str(which),
            Cause::Unseen(why) => {
                return write!(f, "nobody sees where the telescope points: {why}");
            }
            Cause::DoesNotStop => "the hardware was told to stop and does not",
            Cause::Runaway => "the hardware moves, and nobody asked it to",
        })
    }
}

/// News of a motion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MotionEvent {
    /// Which motion.
    pub motion: MotionId,
    /// The role of its line.
    pub role: String,
    /// What moves.
    pub label: String,
    /// What sort of motion it is.
    pub kind: Kind,
    /// The session that answers for it; none once that is gone.
    pub session: Option<Session>,
    /// Name of the client that began it.
    pub client: String,
    /// What became of it.
    pub happening: Happening,
}

/// What became of a motion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It begins.
    Began,
    /// It goes on for another lease. Too frequent to tell clients.
    Renewed,
    /// It is over, or its ending was just sent.
    Ended(Cause),
}

/// A motion that goes on, for people and for clients.
#[derive(Clone, Debug)]
pub struct MotionView {
    /// Its number.
    pub motion: MotionId,
    /// The role of its line.
    pub role: String,
    /// What moves.
    pub label: String,
    /// What sort of motion it is.
    pub kind: Kind,
    /// The session that answers for it; none once that is gone.
    pub session: Option<Session>,
    /// Name of the client that began it.
    pub client: String,
    /// When it began.
    pub began: Instant,
    /// When the host ends it if nothing else does before.
    pub deadline: Instant,
    /// Where it goes, in JNow.
    pub target: Option<Equatorial>,
}
