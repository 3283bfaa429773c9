//! For authors of plugins in Rust: the contract of `wit/` as traits, a mount's commands as types, and a scripted host to test against.
//!
//! A plugin implements [`Handler`] or [`Policy`] and is exported with [`export_handler!`] or [`export_policy!`].
//! What it may do comes to it as an argument ([`Host`], [`policy::Situation`]), so that all of it runs natively in tests.
//! Absent on purpose: clocks, files, sockets and threads; a component has none of them.

pub mod handler;
pub mod policy;

pub mod host;
pub mod mount;

pub mod angle;
mod script;
pub mod time;

#[doc(hidden)]
pub mod bindings;
mod component;
#[doc(hidden)]
pub mod export;

pub use bindings::command_handler::exports::slewgate::plugin::handler::{
    Attachment, Command, Description, Failure, Occasion, Progress, Step, StopSequence,
};
pub use bindings::command_handler::slewgate::plugin::motion::{Kind, Orphan, Plan};
pub use bindings::command_handler::slewgate::plugin::serial::{Exchange, Framing};
pub use bindings::command_handler::slewgate::plugin::sky::{Equatorial, Horizontal, Site};
pub use bindings::command_handler::slewgate::plugin::types::{
    Client, Effect, Instant, Millis, Moving, Observation, Request,
};
pub use handler::{Handler, json, params, read};
pub use host::{Frame, Held, Host, Line, LineError, MotionError};
pub use policy::{Policy, deny};
pub use script::Script;
