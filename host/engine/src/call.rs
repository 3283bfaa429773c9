//! One call of one guest: an instance, both clocks, and what becomes of a failure.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use slewgate_rpc::Refusal;
use tokio::time::timeout;
use wasmtime::{Store, UpdateDeadline};

use crate::engine::{Engine, Unfinished};
use crate::limits::{Limits, OutOfMemory};
use crate::pool::{Full, Pool};
use crate::powers::Guest;
use crate::reload::Tally;
use crate::time::{Budget, OutOfTime};

/// Bytes that the host may allocate for one host call's arguments or one result.
const HOSTCALL_FUEL: usize = 1 << 20;

/// When a client may try again after `busy`.
const BUSY_RETRY: Duration = Duration::from_millis(100);

/// A component that can be instantiated: one of the two worlds, with what its store starts with.
pub(crate) trait World: Send + Sync + 'static {
    type Powers: Send + 'static;
    type Exports: Send + Sync + 'static;

    fn guest(&self) -> Guest<Self::Powers>;

    /// Instantiates, and hands the plugin its settings.
    fn instantiate(
        &self,
        store: &mut Store<Guest<Self::Powers>>,
    ) -> impl Future<Output = Result<Self::Exports, CallError>> + Send;
}

/// A guest that can be called.
pub(crate) struct Instance<W: World> {
    pub(crate) store: Store<Guest<W::Powers>>,
    pub(crate) exports: W::Exports,
    budget: Arc<Budget>,
}

/// Makes instances of one component, and calls them.
pub(crate) struct Caller<W: World> {
    engine: Engine,
    name: String,
    limits: Limits,
    world: Arc<W>,
    pool: Arc<Pool<Instance<W>>>,
    calls: AtomicU64,
    failures: AtomicU64,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("all instances are busy")]
    Busy,
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    #[error("{0:#}")]
    Trapped(wasmtime::Error),
    #[error("the plugin refused to start: {0}")]
    Refused(String),
}

impl From<Full> for CallError {
    fn from(_: Full) -> Self {
        CallError::Busy
    }
}

impl CallError {
    /// For the client a sentence, for the log the cause and a number by which to find it.
    pub(crate) fn refusal(&self, engine: &Engine, plugin: &str) -> Refusal {
        let incident = engine.incident();
        match self {
            CallError::Busy => Refusal::busy(BUSY_RETRY),
            error if error.exhausted() => {
                tracing::warn!(plugin, incident, %error, "a plugin ran out of its time or memory");
                Refusal::exhausted(incident, error)
            }
            error => {
                tracing::error!(plugin, incident, %error, "a plugin failed");
                Refusal::internal(incident, error)
            }
        }
    }

    fn exhausted(&self) -> bool {
        match self {
            CallError::Unfinished(Unfinished::Waited(_)) => true,
            CallError::Trapped(error) => {
                error.downcast_ref::<OutOfTime>().is_some()
                    || error.downcast_ref::<OutOfMemory>().is_some()
            }
            _ => false,
        }
    }
}

impl<W: World> Caller<W> {
    pub(crate) fn new(engine: Engine, name: &str, limits: Limits, world: W) -> Caller<W> {
        let pool = Arc::new(Pool::new(&limits));
        Caller {
            engine,
            name: name.to_owned(),
            limits,
            world: Arc::new(world),
            pool,
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The refusal that a failed call becomes.
    pub(crate) fn refusal(&self, error: &CallError) -> Refusal {
        error.refusal(&self.engine, &self.name)
    }

    /// Calls a warm instance, or a new one that is made under the same clocks.
    pub(crate) async fn call<R, C, F>(&self, call: C) -> Result<R, CallError>
    where
        R: Send + 'static,
        C: FnOnce(Instance<W>) -> F + Send + 'static,
        F: Future<Output = (Instance<W>, wasmtime::Result<R>)> + Send,
    {
        let (place, warm) = match self.pool.try_take() {
            Some(taken) => taken,
            // Boxed, as all that is rare here: what waits for this has no room for it otherwise.
            None => Box::pin(timeout(self.limits.waiting, self.pool.take()))
                .await
                .map_err(|_| CallError::Busy)??,
        };
        let budget = warm
            .as_ref()
            .map_or_else(Arc::default, |instance| Arc::clone(&instance.budget));
        budget.arm(self.limits.computing);
        let (engine, world, pool) = (
            self.engine.clone(),
            Arc::clone(&self.world),
            Arc::clone(&self.pool),
        );
        let own = Arc::clone(&budget);
        // Large, so it is made where it stays.
        let work = Box::pin(async move {
            let instance = match warm {
                Some(mut instance) => {
                    // The epoch went on while it rested: without this its first check would give way for nothing.
                    instance.store.set_epoch_deadline(1);
                    instance
                }
                None => start(&engine, &*world, own).await?,
            };
            let (instance, result) = call(instance).await;
            let result = result.map_err(CallError::Trapped)?;
            pool.put_back(instance);
            drop(place);
            Ok(result)
        });
        let called = self.engine.run(budget, self.limits.waiting, work).await;
        let called = called.map_err(CallError::from).and_then(|called| called);
        self.calls.fetch_add(1, Ordering::Relaxed);
        if called.is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        called
    }

    /// What became of the calls.
    pub(crate) fn tally(&self) -> Tally {
        Tally {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }
}

/// Instantiates a component: its epoch callback ends it when its budget is spent, and lets others run at each tick.
async fn start<W: World>(
    engine: &Engine,
    world: &W,
    budget: Arc<Budget>,
) -> Result<Instance<W>, CallError> {
    let mut store = Store::new(engine.wasm(), world.guest());
    store.limiter(|guest| &mut guest.memory);
    store.set_hostcall_fuel(HOSTCALL_FUEL);
    store.set_epoch_deadline(1);
    let clock = Arc::clone(&budget);
    store.epoch_deadline_callback(move |_| {
        clock.tick().map_err(wasmtime::Error::new)?;
        Ok(UpdateDeadline::Yield(1))
    });
    let exports = world.instantiate(&mut store).await?;
    Ok(Instance {
        store,
        exports,
        budget,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allowed::Looked;
    use crate::engine::EngineSettings;
    use crate::powers::output;

    struct Nothing;

    impl World for Nothing {
        type Powers = ();
        type Exports = ();

        fn guest(&self) -> Guest<()> {
            Guest::new(
                0,
                output::context("nothing", &Looked::default()).build(),
                (),
            )
        }

        async fn instantiate(&self, _: &mut Store<Guest<()>>) -> Result<(), CallError> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_queues_for_an_instance_as_long_as_a_call_may_take_is_told_that_it_is_busy() {
        let engine = Engine::new(&EngineSettings::default()).unwrap();
        let limits = Limits {
            instances: 1,
            queue: 1,
            ..Limits::handler()
        };
        let caller = Caller::new(engine, "nothing", limits, Nothing);
        let only = caller.pool.take().await.unwrap();
        let called = caller.call(async |instance| (instance, Ok(()))).await;
        assert!(matches!(called, Err(CallError::Busy)));
        drop(only);
        caller
            .call(async |instance| (instance, Ok(())))
            .await
            .unwrap();
    }
}
