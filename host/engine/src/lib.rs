//! wasmtime, fenced in: plugins are loaded, limited, called and swapped here, and nothing of wasmtime is seen outside.
//!
//! In reading order: `engine` runs a guest's call under two clocks (`epoch`, `time`) and its limits (`limits`);
//! `powers` is what the host does for a guest, behind the types of `bindings`; `world` checks a component against the
//! contract; `adapt` makes a component of this contract of one of another; `compile` makes machine code; `call` and `pool` make and reuse instances for `handler` and `policy`, and keep to how each plugin stands
//! (`standing`: its figures in `usage`, and whether it is in `quarantine`; `called` is how others ask); `snapshot` holds what serves at one
//! moment, and its `Permit`; `table` is what outlives a swap; `state` what outlives the host; `reload` swaps, and
//! `matrix` finds what that allows whom.
//!
//! What holds here:
//! - Only [`Snapshot::handle`] calls a handler's `handle`, and only with a [`Permit`], which only [`Snapshot::decide`] makes.
//! - A store that trapped, ran out of time or was cancelled is never entered again.
//! - Whatever goes wrong in a policy is a denial; a new file that is broken replaces nothing.

mod adapt;
mod allowed;
mod bindings;
mod bounds;
mod call;
mod called;
mod client;
mod command;
mod compile;
mod engine;
mod epoch;
mod failure;
mod handler;
mod inspect;
mod limits;
mod loader;
mod matrix;
mod peak;
mod plugins;
mod policy;
mod pool;
mod powers;
mod quarantine;
mod reload;
mod schema;
mod snapshot;
mod standing;
mod state;
mod surroundings;
mod table;
mod time;
mod usage;
mod warden;
mod world;

pub use adapt::{Adapter, Parts};
pub use client::Client;
pub use command::{Command, Effect};
pub use compile::{Compiler, Made, Source, compile};
pub use engine::{Engine, EngineError, EngineSettings};
pub use handler::Handler;
pub use inspect::{Inspection, inspect};
pub use limits::{Limits, MAX_JSON, PolicyLimits, QuarantineSettings};
pub use loader::examine;
pub use matrix::Question;
pub use peak::Peak;
pub use plugins::{NotReleased, PluginSettings, Plugins};
pub use policy::{DECIDED, NO_POLICY, Policy};
pub use powers::printed::Printed;
pub use reload::{
    AttemptReport, CandidateReport, DrainReport, NoRollback, PluginEvent, PluginKind, PluginReport,
    PluginState, QuarantineReport, ReadComponent, Stage, Trust, What,
};
pub use slewgate_safety::{OfTheSite, Runaway};
pub use snapshot::{Action, Permit, Snapshot, Supposed};
pub use state::{StateError, copy as copy_state, forget as forget_state};
pub use surroundings::Surroundings;
pub use table::{
    Attached, Attachment, Connection, Happened, HostStop, Journal, News, Notice, Reading,
    StopCounts, StopError, StoppedBy, Stopping, Table, TableSettings,
};
pub use usage::Usage;
pub use world::{CONTRACT, Version};
