//! What makes a plugin of a component's bytes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::probation::Tally;
use super::report::Stage;
use super::slot::Slot;
use super::steps::Progress;

/// A component and its settings: a change of either makes another generation.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    /// Where it is to serve.
    pub(crate) slot: Slot,
    /// The whole file.
    pub(crate) bytes: Arc<[u8]>,
    /// JSON text of the configuration.
    pub(crate) settings: String,
    /// Higher than that of anything that was loaded before.
    pub(crate) generation: u64,
}

/// Why a unit cannot serve.
#[derive(Debug)]
pub(crate) struct LoadError {
    /// How far it came.
    pub(crate) stage: Stage,
    /// The whole chain of causes.
    pub(crate) cause: anyhow::Error,
}

/// A context of a cause that lies in the state of the machine, not in the unit: that is tried again.
#[derive(Debug, thiserror::Error)]
#[error("it could not be tried, and is again after half a minute, then ever less often")]
pub(crate) struct Passing;

impl LoadError {
    /// Whether the same unit may come further another time.
    pub(crate) fn is_passing(&self) -> bool {
        self.cause.is::<Passing>()
    }
}

/// Parses, compiles, links and probes: everything off the path of requests, and nothing that touches hardware.
pub(crate) trait Loader: Send + Sync + 'static {
    /// What serves.
    type Loaded: Send + Sync + 'static;

    /// Called for at most [`MAX_LOADS`](super::attempt::MAX_LOADS) units of each kind at once, beside a large one, and for a slot only once at a time. Must not block its thread for long.
    fn load(
        &self,
        unit: Unit,
        progress: &mut Progress,
    ) -> impl Future<Output = Result<Self::Loaded, LoadError>> + Send;

    /// What became of the calls of what serves.
    fn tally(&self, loaded: &Self::Loaded) -> Tally;

    /// How many calls of it are under way or wait.
    fn calls(&self, loaded: &Self::Loaded) -> usize;

    /// How long its calls may go on when something else has taken its place.
    fn drain(&self, loaded: &Self::Loaded) -> Duration;

    /// Ends the calls of it that are under way or wait.
    fn end_calls(&self, loaded: &Self::Loaded);

    /// Whether what this slot moves stands still, so that it may be swapped.
    fn is_idle(&self, slot: &Slot) -> bool;
}
