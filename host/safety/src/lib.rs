//! What keeps the hardware of one plugin table safe: who answers for its motion, how that ends and that it does end; who is in
//! control; whether it stands when it was told to, and moves only when it was asked to.
//!
//! A pure state machine. It opens no line, reads no clock and starts no task: time comes in as an
//! argument, and what is to be done goes out as a list of [`Action`]s, which one task for each table
//! carries out in order. That task wakes at [`Safety::next_deadline`] and calls [`Safety::tick`].
//!
//! Invariants, each held by a test over random interleavings:
//! - a motion that goes on has a deadline;
//! - a motion ends once, and is said to have ended once;
//! - what began before a stop does not outlive it;
//! - a jog does not outlive its session;
//! - after its end a motion asks for nothing but `advance(ended)`;
//! - nobody but the client in control begins what is no guide pulse;
//! - what was told to stand is seen to stand, or told again, or people are called;
//! - what may be on its way to a limit is seen, or stopped.
//!
//! [`limits`] are those of the site: what may begin, and when what moves has to be stopped.

mod action;
mod boundary;
mod control;
mod halt;
mod motion;
mod motions;
mod pace;
mod plan;
mod rest;
mod safety;
mod sample;
mod sight;
mod spent;

pub mod limits;

pub use action::{
    Action, Alarm, AlarmKind, Cause, Happening, MotionEvent, MotionView, Occasion, Progress,
};
pub use boundary::OfTheSite;
pub use control::{CONTROL_LAPSE, ControlChange, ControlEvent, Owner};
pub use motion::{
    LOOK_PATIENCE, MAX_JOG, MAX_MOTION, MAX_UNCLEAR, MIN_LOOK, SETTLING, UNCLEAR_LOOK,
};
pub use motions::{MAX_MOTIONS, Motions};
pub use plan::{
    Caller, DEFAULT_LEASE, Denied, Kind, MAX_ENDING, MAX_LABEL, MAX_LEASE, MAX_NOTE, MIN_LEASE,
    MotionId, Orphan, Plan, Session,
};
pub use rest::{AFTERMATH, LONGEST_AFTERMATH, REPEATS, REST_PATIENCE};
pub use safety::{Moment, Runaway, Safety, SafetySettings, Stopper};
pub use sample::Sample;
pub use sight::{Missed, UNSEEN_AT_LEAST, UNSEEN_SILENT, UNSEEN_TRACKING};
