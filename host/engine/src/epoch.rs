//! The thread that moves wasmtime's epoch, so that a guest which computes gives way to others at each tick.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::EngineWeak;

/// How long a guest may compute before it gives way to others.
pub(crate) const TICK: Duration = Duration::from_millis(2);

/// Ticks without a call after which the thread goes to sleep.
const IDLE_TICKS: u32 = 50;

/// Ticks while calls are made. Holds the engine weakly: the thread ends with the engine.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Debug, Default)]
struct Shared {
    calls: AtomicU64,
    running: AtomicU64,
    asleep: AtomicBool,
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Running(Arc<Shared>);

impl Ticker {
    pub(crate) fn start(engine: EngineWeak) -> io::Result<Ticker> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let handle = thread::Builder::new()
            .name("epoch".into())
            .spawn(move || tick(&engine, &own))?;
        Ok(Ticker {
            shared,
            thread: handle.thread().clone(),
        })
    }

    /// The epoch moves at least until what this returns is dropped.
    pub(crate) fn running(&self) -> Running {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        self.shared.calls.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Running(Arc::clone(&self.shared))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.thread.unpark();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

fn tick(engine: &EngineWeak, shared: &Shared) {
    let mut seen = 0;
    let mut idle = 0;
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        let calls = shared.calls.load(Ordering::SeqCst);
        idle = if calls == seen && shared.running.load(Ordering::SeqCst) == 0 {
            idle + 1
        } else {
            0
        };
        seen = calls;
        if idle < IDLE_TICKS {
            thread::sleep(TICK);
        } else {
            rest(shared, seen);
        }
    }
}

/// Sleeps until the next call. A call that comes between the last look and the sleep finds `asleep` and wakes the thread.
fn rest(shared: &Shared, seen: u64) {
    shared.asleep.store(true, Ordering::SeqCst);
    if shared.calls.load(Ordering::SeqCst) == seen {
        thread::park();
    }
    shared.asleep.store(false, Ordering::SeqCst);
}
