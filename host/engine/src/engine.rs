//! One wasmtime engine for all plugins, and how a call of a guest is run: under two clocks, polled once in place, and
//! moved to the guests' own runtime when it does not end there.

use std::fs;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use wasmtime::{Cache, CacheConfig, Config};

use crate::epoch::{Running, Ticker};
use crate::time::Budget;

/// Stack of a guest, in bytes.
const WASM_STACK: usize = 512 * 1024;

/// Stack on which a guest and the host functions that it calls run, in bytes.
const FIBER_STACK: usize = 2 * 1024 * 1024;

/// What the engine needs to know.
#[derive(Clone, Debug, Default)]
pub struct EngineSettings {
    /// Private directory for compiled code; none: nothing is kept.
    pub cache: Option<PathBuf>,
    /// Seconds since 1970 when the host started: makes the names of incidents unique over restarts.
    pub started: u64,
    /// Threads that run guests; none: one fewer than the machine has cores, at least one.
    pub threads: Option<usize>,
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// wasmtime refused its configuration, or its cache.
    #[error("cannot set up the plugin engine: {0:#}")]
    Wasm(wasmtime::Error),
    /// A thread, or the cache directory.
    #[error("cannot set up the plugin engine: {0}")]
    Io(#[from] std::io::Error),
}

/// Runs guests. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    wasm: wasmtime::Engine,
    ticker: Ticker,
    guests: Guests,
    incidents: AtomicU64,
    born: u64,
}

/// The guests' runtime. Dropped without waiting: a guest may be in the middle of anything.
struct Guests(Option<Runtime>);

impl Engine {
    /// Starts the epoch thread and the guests' runtime.
    ///
    /// # Errors
    /// The cache directory cannot be made private, or a thread cannot be started.
    pub fn new(settings: &EngineSettings) -> Result<Engine, EngineError> {
        let wasm = wasmtime::Engine::new(&config(settings)?).map_err(EngineError::Wasm)?;
        let ticker = Ticker::start(wasm.weak())?;
        let guests = Builder::new_multi_thread()
            .worker_threads(settings.threads.unwrap_or_else(guest_threads))
            .thread_name("guests")
            .enable_time()
            .build()?;
        let inner = Inner {
            wasm,
            ticker,
            guests: Guests(Some(guests)),
            incidents: AtomicU64::new(0),
            born: settings.started,
        };
        Ok(Engine(Arc::new(inner)))
    }

    pub(crate) fn wasm(&self) -> &wasmtime::Engine {
        &self.0.wasm
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

    /// Runs a call of a guest to its end. `budget` ends computing (through the store's epoch callback), `waiting` the whole.
    /// It goes on when nobody waits for it any more: hardware is not left in the middle of a command.
    pub(crate) async fn run<T, F>(
        &self,
        budget: Arc<Budget>,
        waiting: Duration,
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
        if let Poll::Ready(ended) =
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

fn guest_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

/// The proposals that are off are those which no plugin needs and which widen what a hostile one can reach.
fn config(settings: &EngineSettings) -> Result<Config, EngineError> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.concurrency_support(false);
    config.max_wasm_stack(WASM_STACK);
    config.async_stack_size(FIBER_STACK);
    config.wasm_memory64(false);
    config.wasm_relaxed_simd(false);
    config.generate_address_map(true);
    if let Some(directory) = &settings.cache {
        config.cache(Some(cache(directory)?));
    }
    Ok(config)
}

fn cache(directory: &Path) -> Result<Cache, EngineError> {
    fs::create_dir_all(directory)?;
    platform::make_private(directory)?;
    let mut settings = CacheConfig::new();
    settings.with_directory(fs::canonicalize(directory)?);
    Cache::new(settings).map_err(EngineError::Wasm)
}

#[cfg(unix)]
mod platform {
    use std::os::unix::fs::PermissionsExt;

    /// Compiled code is trusted as it is: nobody else may write there.
    pub(super) fn make_private(directory: &std::path::Path) -> std::io::Result<()> {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
    }
}

#[cfg(not(unix))]
mod platform {
    /// The directory inherits the rights of the data directory.
    pub(super) fn make_private(_: &std::path::Path) -> std::io::Result<()> {
        Ok(())
    }
}
