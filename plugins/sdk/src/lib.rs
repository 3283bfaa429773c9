//! For authors of plugins in Rust: the contract of `wit/` as traits, a mount's commands as types, and a scripted host to test against.
//!
//! A plugin implements [`Handler`] or [`Policy`] and is exported with [`export_handler!`] or [`export_policy!`].
//! What it may do comes to it as an argument ([`Host`], [`policy::Situation`]), so that all of it runs natively in tests.
//! Absent on purpose: clocks, files, sockets and threads; a component has none of them.

#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod export;
pub mod policy;

pub use bindings::command_handler::slewgate::plugin::sky::Site;
pub use bindings::command_handler::slewgate::plugin::types::{Client, Effect, Instant, Millis};
pub use policy::{Policy, deny};
