//! A command handler that serves: what it says of itself, and calls of its exports.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::ensure;
use serde_json::value::RawValue;
use slewgate_rpc::{Code, Refusal};
use slewgate_safety::{Occasion, Progress};
use slewgate_serial::Warrant;
use wasmtime::Store;
use wasmtime::error::Context;

use crate::allowed::Looked;
use crate::bindings::handler::exports::slewgate::plugin::handler as contract;
use crate::bindings::handler::{CommandHandler, CommandHandlerPre};
use crate::bindings::types::{self, Observation};
use crate::bounds;
use crate::call::{CallError, Caller, World};
use crate::called::Called;
use crate::client::Client;
use crate::command::{Command, Commands, Effect, commands};
use crate::engine::{Engine, Unfinished};
use crate::failure;
use crate::limits::Limits;
use crate::peak::Peak;
use crate::powers::printed::Printed;
use crate::powers::{Deeds, Duty, Guest, HandlerPowers, output};
use crate::standing::Standing;
use crate::table::{Attached, Attachment, Look, Order, Reading, StopCounts, Table};

/// When a motion is looked after again if no instance was to spare.
const BUSY_LOOK: Duration = Duration::from_millis(250);

/// The oldest reading by which a motion may begin. While nobody watches, the hardware is looked at more often than that.
const OLDEST: Duration = Duration::from_secs(15);

/// Shortest period of samples that a plugin may ask for.
const MIN_SAMPLE: Duration = Duration::from_millis(100);

/// A component of world `command-handler` in the service of one table.
pub struct Handler {
    table: Arc<Table>,
    generation: u64,
    commands: Commands,
    /// As the plugin asks for it.
    sample_every: Option<Duration>,
    caller: Caller<HandlerWorld>,
    /// Its newest sample had not come when its time was over.
    late: AtomicBool,
}

/// What its instances start with.
pub(crate) struct HandlerWorld {
    pub(crate) component: CommandHandlerPre<Guest<HandlerPowers>>,
    pub(crate) table: Arc<Table>,
    pub(crate) settings: String,
}

/// A request that was permitted, as a handler gets it.
pub(crate) struct Request<'a> {
    pub(crate) client: &'a Client,
    pub(crate) verb: &'a str,
    pub(crate) effect: Effect,
    pub(crate) params: String,
    pub(crate) counts: StopCounts,
    pub(crate) lease: Option<Duration>,
    pub(crate) sun_permitted: bool,
}

impl World for HandlerWorld {
    type Powers = HandlerPowers;
    type Exports = CommandHandler;

    fn guest(&self, standing: &Arc<Standing>) -> Guest<HandlerPowers> {
        let powers = HandlerPowers {
            table: Arc::clone(&self.table),
            duty: None,
        };
        let (looked, printed) = (Looked::default(), Printed::default());
        let wasi = output::context(self.table.name(), &looked, standing, &printed).build();
        Guest::new(standing, wasi, printed, powers)
    }

    async fn instantiate(
        &self,
        store: &mut Store<Guest<HandlerPowers>>,
    ) -> Result<CommandHandler, CallError> {
        let exports = self
            .component
            .instantiate_async(&mut *store)
            .await
            .map_err(CallError::Trapped)?;
        let configured = exports
            .slewgate_plugin_handler()
            .call_configure(store, &self.settings)
            .await;
        configured
            .map_err(|error| CallError::Trapped(error.context("in `configure`")))?
            .map_err(CallError::Refused)?;
        Ok(exports)
    }
}

impl Handler {
    /// Instantiates once, under limits, and asks what it offers. Touches no hardware.
    pub(crate) async fn probe(
        engine: Engine,
        generation: u64,
        limits: Limits,
        world: HandlerWorld,
    ) -> anyhow::Result<Handler> {
        let table = Arc::clone(&world.table);
        let caller = Caller::new(engine, table.name(), limits, world);
        let (commands, sample_every) = describe(&caller).await?;
        Ok(Handler {
            table,
            generation,
            commands,
            sample_every,
            caller,
            late: AtomicBool::new(false),
        })
    }

    /// Asks once more what it offers, an instance that has said so before. It is to be the same.
    ///
    /// # Errors
    /// What is not, or why there is no answer.
    pub async fn describes_the_same(&self) -> anyhow::Result<()> {
        let (commands, sample_every) = describe(&self.caller).await?;
        ensure!(sample_every == self.sample_every, "sample-every is another");
        let verbs = self.commands.keys().chain(commands.keys());
        for verb in verbs {
            let both = self.commands.get(verb).zip(commands.get(verb));
            let same = both.is_some_and(|(before, after)| before.is_same(after));
            ensure!(same, "the command `{verb}` is another");
        }
        Ok(())
    }

    /// What its calls took at most since this was asked last.
    #[must_use]
    pub fn peak(&self) -> Peak {
        self.caller.peak()
    }

    /// Counts the versions that served this table.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The table that it serves.
    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// What it offers, in the order of the names.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.commands.values()
    }

    /// How often to ask for a sample.
    #[must_use]
    pub fn sample_every(&self) -> Option<Duration> {
        self.sample_every.map(|every| every.max(MIN_SAMPLE))
    }

    /// How often the plugin asks for one, where that is more often than the host does.
    #[must_use]
    pub fn samples_too_often(&self) -> Option<Duration> {
        self.sample_every.filter(|every| *every < MIN_SAMPLE)
    }

    pub(crate) fn called(&self) -> &dyn Called {
        &self.caller
    }

    pub(crate) fn command(&self, verb: &str) -> Option<&Command> {
        self.commands.get(verb)
    }

    /// The permitted command itself. Only [`crate::Snapshot::handle`] calls this, with a permit.
    pub(crate) async fn handle(&self, request: Request<'_>) -> Result<Box<RawValue>, Refusal> {
        self.admitted()?;
        self.attached(request.verb).await?;
        match request.effect {
            Effect::Configure => self.table.configure(request.client.owner())?,
            Effect::Move => Box::pin(self.seen()).await,
            Effect::Observe | Effect::Stop | Effect::Administer => {}
        }
        self.carry_out(request).await
    }

    async fn carry_out(&self, request: Request<'_>) -> Result<Box<RawValue>, Refusal> {
        let effect = request.effect;
        let outcome = Box::pin(self.call_handle(request)).await;
        let refused =
            |refusal: &Refusal| matches!(refusal.code, Code::Refused | Code::InvalidParams);
        match effect {
            Effect::Configure if !outcome.as_ref().is_err_and(refused) => self.table.configured(),
            // Whoever asks next is not told what was so before.
            Effect::Move if outcome.is_ok() => self.table.forget_newest(),
            _ => {}
        }
        outcome
    }

    async fn call_handle(&self, request: Request<'_>) -> Result<Box<RawValue>, Refusal> {
        let deeds = Arc::new(Deeds::default());
        let duty = duty(&request, Arc::clone(&deeds));
        let (table, done) = (Arc::clone(&self.table), Arc::clone(&deeds));
        let client = request.client.to_guest();
        let to_guest = types::Request {
            verb: request.verb.to_owned(),
            params: request.params,
        };
        let called = self.caller.call(async move |mut instance| {
            instance.store.data_mut().powers.duty = Some(duty);
            let handler = instance.exports.slewgate_plugin_handler();
            let handled = handler
                .call_handle(&mut instance.store, &client, &to_guest)
                .await;
            instance.store.data_mut().powers.duty = None;
            // Here, because a call goes on when its client is gone.
            if let Ok(Err(failure)) = &handled {
                forget_refused(&table, failure, &done);
            }
            (instance, handled)
        });
        match called.await {
            Ok(Ok(result)) => self.result(result),
            Ok(Err(failure)) => Err(deeds
                .denial()
                .unwrap_or_else(|| self.refusal(failure, deeds.wrote.load(Ordering::Relaxed)))),
            Err(error) => Err(self.fell(&error)),
        }
    }

    /// Has the plugin carry out a command that the host itself gives.
    pub(crate) async fn order(&self, order: Order) -> Result<(), Refusal> {
        let Some(command) = self.command(order.verb) else {
            return Err(Refusal::method_not_found(order.verb));
        };
        let (client, effect) = (Client::host(), command.effect);
        let request = Request {
            client: &client,
            verb: order.verb,
            effect,
            params: order.params,
            counts: order.counts,
            lease: None,
            sun_permitted: false,
        };
        self.carry_out(request).await.map(drop)
    }

    /// Before it is moved, it is looked at: where it points decides on the way that it may take.
    async fn seen(&self) {
        if self.sample_every.is_some()
            && let Err(refusal) = self.table.observe(self, OLDEST).await
        {
            tracing::debug!(
                plugin = self.table.name(),
                cause = refusal.cause,
                "moved unseen"
            );
        }
    }

    /// It is called at all now: whether its hardware is there need not be waited for otherwise.
    fn admitted(&self) -> Result<(), Refusal> {
        let admitted = self.caller.admit();
        admitted.map_err(|error| self.caller.refusal(&error))
    }

    /// The hardware is there, and has what the verb needs.
    async fn attached(&self, verb: &str) -> Result<(), Refusal> {
        self.table
            .once_attached(|attached| failure::unattached(attached, verb))
            .await
    }

    /// A reading of at most this age, or that of a sample on a slow line.
    pub(crate) async fn observe(&self, age: Duration) -> Result<Reading, Refusal> {
        self.admitted()?;
        self.attached("").await?;
        self.table.observe(self, self.table.sparing(age)).await
    }

    pub(crate) async fn sample(&self) -> Result<Observation, Refusal> {
        let duty = Duty::of_host("sample", None);
        let deeds = Arc::clone(&duty.deeds);
        let sampled = self.caller.call(async move |mut instance| {
            instance.store.data_mut().powers.duty = Some(duty);
            let sampled = instance
                .exports
                .slewgate_plugin_handler()
                .call_sample(&mut instance.store)
                .await;
            instance.store.data_mut().powers.duty = None;
            (instance, sampled)
        });
        let observation = match sampled.await {
            Ok(Ok(observation)) => {
                self.late.store(false, Ordering::Relaxed);
                self.table.heard();
                observation
            }
            Ok(Err(failure)) => {
                self.late.store(false, Ordering::Relaxed);
                if failure::is_silence(&failure) {
                    self.table.missed();
                }
                return Err(self.refusal(failure, deeds.wrote.load(Ordering::Relaxed)));
            }
            // Once it may have waited for a slow line, or behind others. Who does so again and again sees nothing of what moves.
            Err(error @ CallError::Unfinished(Unfinished::Waited(_)))
                if !self.late.swap(true, Ordering::Relaxed) =>
            {
                return Err(self.caller.refusal(&error));
            }
            Err(error) => return Err(self.fell(&error)),
        };
        let data = self.result(observation.data)?;
        if !data.get().trim_start().starts_with('{') {
            return Err(self.fault("a sample whose data is no JSON object"));
        }
        Ok(Observation {
            data: data.get().to_owned(),
            ..observation
        })
    }

    pub(crate) async fn attach(&self) -> Attached {
        let counts = self.table.stop_counts();
        let attached = self.caller.call(async move |mut instance| {
            instance.store.data_mut().powers.duty = Some(Duty::of_host("attach", Some(counts)));
            let attached = instance
                .exports
                .slewgate_plugin_handler()
                .call_attach(&mut instance.store)
                .await;
            instance.store.data_mut().powers.duty = None;
            (instance, attached)
        });
        match attached.await {
            Ok(Ok(found)) => match Attachment::of_guest(found) {
                Ok(found) => Attached::To(found),
                Err(unfit) => Attached::Failed(unfit.to_string()),
            },
            Ok(Err(failure)) => Attached::Failed(failure::describe(&failure)),
            Err(error) => {
                self.end_with(&error);
                Attached::Failed(bounds::cut(&error.in_short(), bounds::MAX_FAILURE))
            }
        }
    }

    pub(crate) async fn advance(&self, look: Look) -> Progress {
        let Look {
            motion,
            occasion,
            note,
            counts,
        } = look;
        let occasion = match occasion {
            Occasion::Look => contract::Occasion::Look,
            Occasion::Ended => contract::Occasion::Ended,
        };
        let again = note.clone();
        let advanced = self.caller.call(async move |mut instance| {
            let duty = Duty::of_host(format!("advance {motion}"), Some(counts));
            instance.store.data_mut().powers.duty = Some(duty);
            let handler = instance.exports.slewgate_plugin_handler();
            let advanced = handler
                .call_advance(&mut instance.store, motion.0, occasion, &note)
                .await;
            instance.store.data_mut().powers.duty = None;
            (instance, advanced)
        });
        match advanced.await {
            Ok(Ok(contract::Progress::Done)) => Progress::Done,
            Ok(Ok(contract::Progress::Again(step))) => Progress::Again {
                after: millis(step.after),
                note: step.note,
            },
            Ok(Ok(contract::Progress::Failed(why))) => {
                Progress::Failed(bounds::cut(&why, bounds::MAX_FAILURE))
            }
            Ok(Err(failure)) if failure::is_of_hardware(&failure) => {
                Progress::Unclear(failure::describe(&failure))
            }
            Ok(Err(failure)) => Progress::Failed(failure::describe(&failure)),
            // The motion is well: it was others' calls that left no instance.
            Err(CallError::Busy) => Progress::Again {
                after: BUSY_LOOK,
                note: again,
            },
            Err(error) => Progress::Fell(bounds::cut(&error.in_short(), bounds::MAX_FAILURE)),
        }
    }

    fn fell(&self, error: &CallError) -> Refusal {
        self.end_with(error);
        self.caller.refusal(error)
    }

    /// A plugin that fails while its hardware moves cannot be trusted to look after it.
    fn end_with(&self, error: &CallError) {
        if error.is_failure() {
            self.table.plugin_failed();
        }
    }

    fn result(&self, text: String) -> Result<Box<RawValue>, Refusal> {
        let most = self.caller.limits().result;
        if text.len() > most {
            let cause = format!("a result of {} bytes; at most {most}", text.len());
            return Err(self.fault(&cause));
        }
        bounds::json(text).map_err(|error| {
            self.fault(&format!(
                "a result that clients cannot read as JSON: {error}"
            ))
        })
    }

    fn fault(&self, cause: &str) -> Refusal {
        let incident = self.caller.engine().incident();
        if self.caller.standing().may_log_fault(self.table.name()) {
            tracing::error!(
                plugin = self.table.name(),
                incident,
                cause = bounds::cut(cause, bounds::MAX_CAUSE),
                "a plugin failed"
            );
        }
        Refusal::internal(incident, cause)
    }

    /// Whether the log takes one more line of which the plugin is the cause.
    pub(crate) fn may_log(&self) -> bool {
        self.caller.standing().may_log(self.table.name())
    }

    fn refusal(&self, failure: contract::Failure, wrote: bool) -> Refusal {
        failure::refusal(failure, wrote, &self.table, |cause| self.fault(cause))
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.table.name();
        formatter
            .debug_struct("Handler")
            .field("name", &name)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Hardware that refuses an order does not move by it: what was begun for the order is over at once.
fn forget_refused(table: &Table, failure: &contract::Failure, deeds: &Deeds) {
    if let contract::Failure::Refused(why) | contract::Failure::InvalidParams(why) = failure {
        let began = deeds
            .began
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        table.refused(&began, why);
    }
}

fn duty(request: &Request<'_>, deeds: Arc<Deeds>) -> Duty {
    let writes =
        matches!(request.effect, Effect::Move | Effect::Configure).then(|| request.counts.clone());
    let caller = slewgate_safety::Caller {
        session: request.client.session,
        owner: request.client.owner().clone(),
        moves: request.effect == Effect::Move,
        stop_count: slewgate_serial::StopCount::default(),
        lease: request.lease,
        sun_permitted: request.sun_permitted,
    };
    Duty {
        caller: Some(caller),
        writes,
        warrant: Warrant::default(),
        deeds,
        call: format!("handle {}", request.verb).into(),
    }
}

/// What a handler offers, and how often it is to be sampled.
async fn describe(caller: &Caller<HandlerWorld>) -> anyhow::Result<(Commands, Option<Duration>)> {
    let described = caller.call(async |mut instance| {
        let described = instance
            .exports
            .slewgate_plugin_handler()
            .call_describe(&mut instance.store)
            .await;
        (instance, described.context("in `describe`"))
    });
    let described = described.await?;
    let sample_every = described.sample_every.map(millis);
    bounds::judge(&described.commands)?;
    Ok((commands(described.commands)?, sample_every))
}

fn millis(millis: u32) -> Duration {
    Duration::from_millis(u64::from(millis))
}
