//! The harness of the end-to-end tests: the real program in a directory of its own, real sockets, a real pseudo-terminal.
//!
//! An [`Observatory`] is a host that runs until it is dropped, a [`Client`] one that talks with it. What fails says
//! everything: the program's log is printed with the panic. Events are awaited within [`PATIENCE`], never slept for.
//! What is repeated is repeated as often as [`long`] says.

mod builds;
mod built;
mod client;
mod cord;
mod crowd;
mod holdings;
mod http;
mod identity;
mod long;
mod mount;
mod observatory;
mod picture;
mod python;
mod secured;
mod setup;

use std::time::Duration;

pub use builds::Builds;
pub use built::{plugins, program, test_component};
pub use client::{Client, Closed};
pub use cord::{Cord, Kind};
pub use crowd::{Crowd, Stopped};
pub use holdings::{Holdings, make_room_for_sockets};
pub use http::{Answer, ask, get, read_answer};
pub use identity::Identity;
pub use long::{is_long, long};
pub use mount::{Taciturn, orders};
pub use observatory::Observatory;
pub use picture::{number, picture};
pub use python::python;
pub use secured::{secured, secured_over};
pub use setup::{Setup, UNRESTRAINED};

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(10);
