//! Plugins are swapped while the host runs, by nothing more than writing a file.
//!
//! In reading order: `slot` is the place that a plugin serves in; `watch` hears that a directory changed; `settling` waits
//! until a file is left alone; `disk`, `candidate` and `attempt` read it whole, ask `trust` and have the [`Loader`] make a plugin of it; `shelf` holds what serves,
//! `probation` says whether it may go on, and `remembered` keeps it over restarts; `steps` and `report` say how it goes; `task` leads from one to the
//! next, and `handle` is what others hold of it.
//!
//! What holds here:
//! - Whatever fails on the way, what served goes on, and the reason is kept for people.
//! - The publisher gets whole maps, each numbered one higher than the last.
//! - What was heard is only a hint: contents are compared, at an overflow, at a lost watch, and now and then anyway.
//! - What may not run is not parsed.
//! - Nothing here knows what a plugin is made of.

mod again;
mod attempt;
mod candidate;
mod disk;
mod handle;
mod loader;
mod probation;
mod regular;
mod remembered;
mod report;
mod settling;
mod shelf;
mod slot;
mod steps;
mod task;
#[cfg(test)]
mod tests;
mod trust;
mod watch;

pub(crate) use disk::Directories;
pub use handle::NoRollback;
pub(crate) use handle::{Pace, Reload, ReloadSettings, start};
pub(crate) use loader::{LoadError, Loader, Passing, Unit};
pub(crate) use probation::Tally;
pub(crate) use remembered::{Remembered, replace as replace_file};
pub use report::{
    AttemptReport, CandidateReport, DrainReport, PluginEvent, PluginKind, PluginReport,
    PluginState, QuarantineReport, Stage, What,
};
pub(crate) use shelf::Serving;
pub(crate) use slot::{Configuration, Slot, TableUnit};
pub(crate) use steps::Progress;
pub use trust::{ReadComponent, Trust};
