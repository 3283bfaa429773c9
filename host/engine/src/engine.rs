//! One wasmtime engine for all plugins, and how a call of a guest is run: under two clocks, polled once in place, and
//! moved to the guests' own runtime when it does not end there.

use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;
use wasmtime::{Config, WasmFeatures};

use crate::adapt::{Adapter, Adapters};
use crate::compile::{Compiled, Compiler};
use crate::epoch::{Running, Ticker};
use crate::powers::printed::Printed;
use crate::time::Budget;

/// Stack of a guest, in bytes.
const WASM_STACK: usize = 512 * 1024;

/// Stack of the host functions that a guest calls, on top of its own, in bytes.
const HOST_STACK: usize = 3 * 512 * 1024;

/// What the engine needs to know.
#[derive(Clone, Debug, Default)]
pub struct EngineSettings {
    /// Private directory for compiled code; none: nothing is kept.
    pub cache: Option<PathBuf>,
    /// Compiles into the cache, or tries out what this process then compiles where there is none; none: only this process does.
    pub compiler: Option<Compiler>,
    /// Seconds since 1970 when the host started: makes the names of incidents unique over restarts.
    pub started: u64,
    /// Threads that run guests; none: one fewer than the machine has cores, at least one.
    pub threads: Option<usize>,
    /// Stack of a guest, in bytes; none: 512 KiB.
    pub stack: Option<usize>,
    /// For plugins of other contracts than that of `wit/`. Of the host itself: none, as there was no other one yet.
    pub adapters: Vec<Adapter>,
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// wasmtime refused its configuration.
    #[error("cannot set up the plugin engine: {0:#}")]
    Wasm(wasmtime::Error),
    /// A thread.
    #[error("cannot set up the plugin engine: {0}")]
    Io(#[from] std::io::Error),
}

/// Runs guests. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>, Option<Printed>);

struct Inner {
    wasm: wasmtime::Engine,
    compiled: Option<Compiled>,
    compiler: Option<Compiler>,
    adapters: Adapters,
    ticker: Ticker,
    guests: Guests,
    incidents: AtomicU64,
    born: u64,
    /// Counts how often a plugin was quarantined, or released by hand.
    standings: watch::Sender<u64>,
}

/// The guests' runtime. Dropped without waiting: a guest may be in the middle of anything.
struct Guests(Option<Runtime>);

impl Engine {
    /// Starts the epoch thread and the guests' runtime. A cache that cannot be used is told in the log, and does without.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub fn new(settings: &EngineSettings) -> Result<Engine, EngineError> {
        let compiled = settings.cache.as_deref().and_then(cache);
        let mut config = config(settings.stack);
        config.cache(compiled.as_ref().map(Compiled::wasmtime));
        let wasm = wasmtime::Engine::new(&config).map_err(EngineError::Wasm)?;
        let ticker = Ticker::start(wasm.weak())?;
        let guests = Builder::new_multi_thread()
            .worker_threads(settings.threads.unwrap_or_else(guest_threads))
            .thread_name("guests")
            .enable_time()
            .build()?;
        let inner = Inner {
            wasm,
            compiled,
            compiler: settings.compiler.clone(),
            adapters: Adapters::new(settings.adapters.clone()),
            ticker,
            guests: Guests(Some(guests)),
            incidents: AtomicU64::new(0),
            born: settings.started,
            standings: watch::Sender::new(0),
        };
        Ok(Engine(Arc::new(inner), None))
    }

    /// The same engine, for plugins of which somebody hears what they print, beside the log.
    #[must_use]
    pub fn heard_by(&self, printed: Printed) -> Engine {
        Engine(Arc::clone(&self.0), Some(printed))
    }

    pub(crate) fn printed(&self) -> Option<&Printed> {
        self.1.as_ref()
    }

    pub(crate) fn wasm(&self) -> &wasmtime::Engine {
        &self.0.wasm
    }

    /// Where compiled code is kept.
    pub(crate) fn compiled(&self) -> Option<&Compiled> {
        self.0.compiled.as_ref()
    }

    /// Who compiles into it, if not this process.
    pub(crate) fn compiler(&self) -> Option<&Compiler> {
        self.0.compiler.as_ref()
    }

    /// For plugins of other contracts.
    pub(crate) fn adapters(&self) -> &Adapters {
        &self.0.adapters
    }

    /// A name for a fault, told to the client and found in the log. Unique over restarts.
    #[must_use]
    pub fn incident(&self) -> String {
        format!(
            "{:x}-{}",
            self.0.born,
            self.0.incidents.fetch_add(1, Ordering::Relaxed) + 1
        )
    }

    /// A plugin was quarantined, or released by hand.
    pub(crate) fn standing_changed(&self) {
        self.0.standings.send_modify(|changes| *changes += 1);
    }

    /// Changes each time that a plugin is quarantined, or released by hand.
    pub(crate) fn standings(&self) -> watch::Receiver<u64> {
        self.0.standings.subscribe()
    }

    /// Runs a call of a guest to its end. `budget` ends computing (through the store's epoch callback), `waiting` the whole.
    /// It goes on when nobody waits for it any more: hardware is not left in the middle of a command.
    pub(crate) async fn run<T, F>(
        &self,
        budget: Arc<Budget>,
        waiting: Duration,
        start: Start,
        call: Pin<Box<F>>,
    ) -> Result<T, Unfinished>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut call = Metered {
            budget,
            call,
            _running: self.0.ticker.running(),
        };
        // Most calls end here: they need no thread of the guests, and no timer.
        if start == Start::InPlace
            && let Poll::Ready(ended) =
                poll_fn(|context| Poll::Ready(Pin::new(&mut call).poll(context))).await
        {
            return Ok(ended);
        }
        Box::pin(self.run_on(waiting, call)).await
    }

    /// Runs the rest of a call on the guests' own runtime.
    async fn run_on<T, F>(&self, waiting: Duration, call: Metered<F>) -> Result<T, Unfinished>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let Some(guests) = &self.0.guests.0 else {
            return Err(Unfinished::Crashed);
        };
        let ended = guests.spawn(async move { timeout(waiting, call).await });
        match ended.await {
            Ok(Ok(ended)) => Ok(ended),
            Ok(Err(_)) => Err(Unfinished::Waited(waiting)),
            Err(_) => Err(Unfinished::Crashed),
        }
    }

    /// Runs something long that is no guest, such as compiling, away from the sockets.
    pub(crate) async fn work<T, F>(&self, work: F) -> Result<T, Unfinished>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let Some(guests) = &self.0.guests.0 else {
            return Err(Unfinished::Crashed);
        };
        guests
            .spawn_blocking(work)
            .await
            .map_err(|_| Unfinished::Crashed)
    }
}

/// Where a call begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// On the thread of who calls: a warm call of a microsecond ends there.
    InPlace,
    /// On the guests' own runtime: what it does first may be one instruction that fills all of its memory.
    OnGuests,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfinished {
    #[error("took longer than {} ms", .0.as_millis())]
    Waited(Duration),
    #[error("the host failed while it ran")]
    Crashed,
}

impl Drop for Guests {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Tells the budget when the guest runs.
struct Metered<F> {
    budget: Arc<Budget>,
    call: Pin<Box<F>>,
    _running: Running,
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.budget.enter();
        let polled = self.call.as_mut().poll(context);
        self.budget.leave();
        polled
    }
}

/// The cache in this directory, if it can be used.
fn cache(directory: &Path) -> Option<Compiled> {
    let opened = Compiled::open(directory);
    let told = opened.inspect_err(|error| {
        tracing::error!(
            error = format!("{error:#}"),
            "plugins are compiled anew at each start"
        );
    });
    told.ok()
}

fn guest_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

/// The proposals that are on are those which plugins are built with, whatever the next wasmtime turns on: what no plugin needs only
/// widens what a hostile one can reach.
const PROPOSALS: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::COMPONENT_MODEL);

/// The same for whoever compiles and whoever runs: compiled code is of one configuration. How much stack guests have changes no code.
pub(crate) fn config(stack: Option<usize>) -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.concurrency_support(false);
    let stack = stack.unwrap_or(WASM_STACK);
    config.max_wasm_stack(stack);
    config.async_stack_size(stack + HOST_STACK);
    config.wasm_features(WasmFeatures::all(), false);
    config.wasm_features(PROPOSALS, true);
    config.generate_address_map(true);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proposals_that_are_on_are_those_that_were_chosen() {
        let engine = Engine::new(&EngineSettings::default()).unwrap();
        let on = engine.wasm().get_wasm_features();
        assert_eq!(on, PROPOSALS, "{:?}", on.symmetric_difference(PROPOSALS));
    }

    #[test]
    fn what_widens_the_reach_of_a_hostile_plugin_is_off() {
        let engine = Engine::new(&EngineSettings::default()).unwrap();
        let off = [
            WasmFeatures::GC,
            WasmFeatures::GC_TYPES,
            WasmFeatures::FUNCTION_REFERENCES,
            WasmFeatures::EXCEPTIONS,
            WasmFeatures::LEGACY_EXCEPTIONS,
            WasmFeatures::THREADS,
            WasmFeatures::SHARED_EVERYTHING_THREADS,
            WasmFeatures::MEMORY64,
            WasmFeatures::RELAXED_SIMD,
            WasmFeatures::STACK_SWITCHING,
            WasmFeatures::CM_ASYNC,
            WasmFeatures::CM_GC,
        ];
        for proposal in off {
            let on = engine.wasm().get_wasm_features();
            assert!(!on.intersects(proposal), "{proposal:?}");
        }
    }
}
