//! Motion of one plugin table: who answers for it, how it ends, and that it does end.
//!
//! A pure state machine. It opens no line, reads no clock and starts no task: time comes in as an
//! argument, and what is to be done goes out as a list of [`Action`]s, which one task for each table
//! carries out in order. That task wakes at [`Motions::next_deadline`] and calls [`Motions::tick`].
//!
//! Invariants, each held by a test over random interleavings:
//! - a motion that goes on has a deadline;
//! - a motion ends once, and is said to have ended once;
//! - what began before a stop does not outlive it;
//! - a jog does not outlive its session;
//! - after its end a motion asks for nothing but `advance(ended)`.
//!
//! [`limits`] are those of the site: what may begin, and when what moves has to be stopped.
//!
//! Absent: control (one client at a time).

mod action;
mod motion;
mod motions;
mod plan;
mod spent;

pub mod limits;

pub use action::{Action, Cause, Happening, MotionEvent, MotionView, Occasion, Progress};
pub use motion::{
    LOOK_PATIENCE, MAX_JOG, MAX_MOTION, MAX_UNCLEAR, MIN_LOOK, SETTLING, UNCLEAR_LOOK,
};
pub use motions::{MAX_MOTIONS, Motions};
pub use plan::{
    Caller, DEFAULT_LEASE, Denied, Kind, MAX_ENDING, MAX_LABEL, MAX_LEASE, MAX_NOTE, MIN_LEASE,
    MotionId, Orphan, Plan, Session,
};
