//! One call of one guest: an instance, both clocks, and what becomes of a failure.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use slewgate_rpc::Refusal;
use tokio::time::timeout;
use wasmtime::{Store, UpdateDeadline};

use crate::engine::{Engine, Start, Unfinished};
use crate::limits::{Limits, OutOfMemory};
use crate::peak::Peak;
use crate::pool::{Full, Place, Pool};
use crate::powers::Guest;
use crate::quarantine::Quarantined;
use crate::standing::Standing;
use crate::time::{Budget, OutOfTime};

/// When a client may try again after `busy`.
const BUSY_RETRY: Duration = Duration::from_millis(100);

/// Handles of a guest for each thing of the host that it may hold: one of its own, and one that it lends.
const HANDLES_EACH: usize = 2;

/// A component that can be instantiated: one of the two worlds, with what its store starts with.
pub(crate) trait World: Send + Sync + 'static {
    type Powers: Send + 'static;
    type Exports: Send + Sync + 'static;

    /// What the store of a new instance begins with.
    fn guest(&self, standing: &Arc<Standing>) -> Guest<Self::Powers>;

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
    calls: u64,
}

/// Makes instances of one component, and calls them.
pub(crate) struct Caller<W: World>(Arc<Shared<W>>);

/// What every call of a plugin needs, for as long as it goes on.
struct Shared<W: World> {
    engine: Engine,
    name: String,
    world: W,
    pool: Pool<Instance<W>>,
    standing: Arc<Standing>,
}

/// A call under way. One that is dropped before it ended took too long.
struct Attempt<W: World> {
    shared: Arc<Shared<W>>,
    began: Instant,
    ended: bool,
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
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    #[error("another version took its place, and it went on for more than {} ms after that", .0.as_millis())]
    Replaced(Duration),
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
            CallError::Quarantined(quarantined) => {
                let left = quarantined.until.saturating_duration_since(Instant::now());
                Refusal::quarantined(&quarantined.incident, left, quarantined)
            }
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

    /// Whether the plugin was called, and failed.
    pub(crate) fn is_failure(&self) -> bool {
        !matches!(self, CallError::Busy | CallError::Quarantined(_))
    }

    /// Why, without the way there: for those who did not write the plugin.
    pub(crate) fn in_short(&self) -> String {
        match self {
            CallError::Trapped(error) => error.root_cause().to_string(),
            other => other.to_string(),
        }
    }

    fn exhausted(&self) -> bool {
        match self {
            CallError::Unfinished(Unfinished::Waited(_)) | CallError::Replaced(_) => true,
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
        let standing = Standing {
            printed: engine.printed().cloned(),
            ..Standing::new(limits.clone())
        };
        Caller(Arc::new(Shared {
            engine,
            name: name.to_owned(),
            world,
            pool: Pool::new(&limits),
            standing: Arc::new(standing),
        }))
    }

    /// What its calls took at most since this was asked last.
    pub(crate) fn peak(&self) -> Peak {
        self.0.standing.peaks.take()
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn pool(&self) -> &Pool<Instance<W>> {
        &self.0.pool
    }

    pub(crate) fn standing(&self) -> &Standing {
        &self.0.standing
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.standing.limits
    }

    /// The refusal that a failed call becomes.
    pub(crate) fn refusal(&self, error: &CallError) -> Refusal {
        error.refusal(&self.0.engine, &self.0.name)
    }

    /// How many calls are under way or wait.
    pub(crate) fn under_way(&self) -> usize {
        self.0.pool.calls()
    }

    /// Whether it is called at all now.
    pub(crate) fn admit(&self) -> Result<(), CallError> {
        Ok(self.0.standing.quarantine.admit(Instant::now)?)
    }

    /// Calls a warm instance, or a new one that is made under the same clocks.
    pub(crate) async fn call<R, C, F>(&self, call: C) -> Result<R, CallError>
    where
        R: Send + 'static,
        C: FnOnce(Instance<W>) -> F + Send + 'static,
        F: Future<Output = (Instance<W>, wasmtime::Result<R>)> + Send,
    {
        self.admit()?;
        let limits = self.limits();
        let (place, warm) = match self.0.pool.try_take() {
            Some(taken) => taken,
            // Boxed, as all that is rare here: what waits for this has no room for it otherwise.
            None => Box::pin(self.wait()).await?,
        };
        let budget = warm
            .as_ref()
            .map_or_else(Arc::default, |instance| Arc::clone(&instance.budget));
        budget.arm(limits.computing);
        let mut attempt = Attempt::begin(&self.0);
        let (own, metered) = (Arc::clone(&budget), Arc::clone(&budget));
        // Large, so it is made where it stays.
        let work = Box::pin(async move {
            let worked = unless_over(
                &attempt.shared.standing,
                attempt.shared.carry_out(warm, own, call),
            );
            let worked = worked.await;
            attempt.ended(worked.as_ref().err());
            drop(place);
            worked
        });
        let start = match self.0.standing.quarantine.is_in_doubt() {
            true => Start::OnGuests,
            false => Start::InPlace,
        };
        let ended = self.0.engine.run(budget, limits.waiting, start, work).await;
        self.0.standing.peaks.note_call(&metered);
        ended?
    }

    /// For a place, and a warm instance if there is one then. What failed meanwhile is not called after all.
    async fn wait(&self) -> Result<(Place, Option<Instance<W>>), CallError> {
        let taken = async {
            let taken = timeout(self.limits().waiting, self.0.pool.take());
            Ok(taken.await.map_err(|_| CallError::Busy)??)
        };
        let taken = unless_over(&self.0.standing, taken).await?;
        self.admit()?;
        Ok(taken)
    }
}

impl<W: World> Shared<W> {
    async fn carry_out<R, C, F>(
        &self,
        warm: Option<Instance<W>>,
        budget: Arc<Budget>,
        call: C,
    ) -> Result<R, CallError>
    where
        C: FnOnce(Instance<W>) -> F,
        F: Future<Output = (Instance<W>, wasmtime::Result<R>)>,
    {
        let instance = match warm {
            Some(mut instance) => {
                // The epoch went on while it rested: without this its first check would give way for nothing.
                instance.store.set_epoch_deadline(1);
                instance.store.data().printed.clear();
                instance
            }
            None => {
                let (began, clock) = (Instant::now(), Arc::clone(&budget));
                // A language that brings its own run-time takes longer to start than a call may.
                clock.arm(self.standing.limits.starting);
                let instance = self.start(budget).await?;
                clock.arm(self.standing.limits.computing);
                self.standing.peaks.note_start(began.elapsed());
                instance
            }
        };
        let (mut instance, result) = call(instance).await;
        let result = result.map_err(|error| {
            instance.store.data().printed.tell(&self.name);
            CallError::Trapped(error)
        })?;
        instance.calls += 1;
        if instance.calls < self.standing.limits.recycle {
            self.pool.put_back(instance);
        }
        Ok(result)
    }

    /// Instantiates the component: its epoch callback ends it when its budget is spent, and lets others run at each tick.
    async fn start(&self, budget: Arc<Budget>) -> Result<Instance<W>, CallError> {
        let limits = &self.standing.limits;
        let mut store = Store::new(self.engine.wasm(), self.world.guest(&self.standing));
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(limits.hostcall);
        store.set_max_component_handles(limits.handles * HANDLES_EACH);
        store.set_epoch_deadline(1);
        let clock = Arc::clone(&budget);
        store.epoch_deadline_callback(move |_| {
            clock.tick().map_err(wasmtime::Error::new)?;
            Ok(UpdateDeadline::Yield(1))
        });
        let exports = self.world.instantiate(&mut store).await;
        let exports = exports.inspect_err(|_| store.data().printed.tell(&self.name))?;
        Ok(Instance {
            store,
            exports,
            budget,
            calls: 0,
        })
    }
}

impl<W: World> Attempt<W> {
    fn begin(shared: &Arc<Shared<W>>) -> Attempt<W> {
        Attempt {
            shared: Arc::clone(shared),
            began: Instant::now(),
            ended: false,
        }
    }

    fn ended(&mut self, failed: Option<&CallError>) {
        self.ended = true;
        let standing = &self.shared.standing;
        standing.figures.called(self.began.elapsed());
        match failed {
            None => standing.quarantine.went_well(),
            // It is not its fault that there is another version.
            Some(CallError::Replaced(_)) => {}
            Some(error) => self.failed(&error.in_short()),
        }
    }

    fn failed(&self, cause: &str) {
        let Shared {
            engine,
            name,
            standing,
            ..
        } = &*self.shared;
        standing.figures.failed();
        let now = Instant::now();
        if standing.quarantine.failed(cause, || engine.incident(), now) {
            let quarantined = standing.quarantine.look(now);
            let incident = quarantined.map(|quarantined| quarantined.incident);
            tracing::error!(
                plugin = name,
                incident,
                cause,
                "a plugin keeps failing and is quarantined"
            );
            engine.standing_changed();
        }
    }
}

impl<W: World> Drop for Attempt<W> {
    fn drop(&mut self) {
        if !self.ended {
            let took = self.began.elapsed();
            self.shared.standing.figures.called(took);
            let limit = self.shared.standing.limits.waiting;
            let cause = match took < limit {
                // A panic of a host function, or the end of the host.
                true => Unfinished::Crashed,
                false => Unfinished::Waited(limit),
            };
            self.failed(&cause.to_string());
        }
    }
}

/// To its end, or to the end of the time that calls have when another version took the place of theirs.
async fn unless_over<R>(
    standing: &Standing,
    work: impl Future<Output = Result<R, CallError>>,
) -> Result<R, CallError> {
    let (mut work, mut over) = (pin!(work), pin!(standing.over.notified()));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(worked) => Poll::Ready(worked),
        Poll::Pending => over
            .as_mut()
            .poll(context)
            .map(|()| Err(CallError::Replaced(standing.limits.drain))),
    })
    .await
}

#[cfg(test)]
mod tests;
