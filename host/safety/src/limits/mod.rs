//! The limits of the site: where the telescope may point, which ways lead there, and when what moves has to be stopped.
//!
//! [`Fence`] judges what was asked for before it begins: a goal with the ways that the mount may take there, a jog.
//! [`Watch`] judges what is seen while it goes on. Both are pure: instants and sightings come in, a [`Breach`] comes out.
//! Nothing here stops anything.
//!
//! What always holds: who is outside a limit may always come back; a breach that only shrinks is none.

mod breach;
mod fence;
mod horizon;
mod look;
mod plausible;
mod pose;
mod scene;
mod settings;
mod sighting;
mod walk;
mod watch;
mod ways;

pub use breach::{Breach, Limit, Subject};
pub use fence::Fence;
pub use horizon::{Horizon, HorizonError};
pub use plausible::MOST_CLOCK_ERROR;
pub use settings::{Drive, Limits, Sun};
pub use sighting::{PierSide, Sighting, State};
pub use watch::{Course, Outlook, SHORTEST_LOOK, Watch};
