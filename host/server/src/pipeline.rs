//! The life of a request, on one screen:
//! parse -> stop? -> admit -> queue, as soon as it is read; then, in its turn and in the same task,
//! look up -> fit -> decide -> handle -> record -> reply. What waits for no turn, such as a stop, is replied to out of turn.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::value::RawValue;
use slewgate_engine::Plugins;
use slewgate_engine::{Client, Permit, Snapshot, StopCounts};
use slewgate_rpc::Code;
use slewgate_rpc::{Call, Incoming, Refusal, Reply, parse};
use slewgate_security::admission::{RefusalWindow, RequestLimiter};
use slewgate_security::log::{EventKind, SecurityLog};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::jogs::Jogs;
use crate::methods::{self, HostMethods};
use crate::net::close::Close;
use crate::permission::client;
use crate::records::{Repeats, record, record_rest, record_stop, tell};
use crate::replies::{Way, send};
use crate::requests::{Request, Target, stop_counts};
use crate::session::{Pipeline, Receiver};
use crate::sessions::Session;
use crate::stops::{Recognised, Stops};

/// When a client whose queue is full may try again.
const BUSY_RETRY: Duration = Duration::from_millis(250);

/// Stops of one session whose replies wait, for the line or for the policy. One more that is allowed is sent as well; its
/// reply does not wait.
const MAX_STOPS: usize = 32;

/// Takes the requests of all sessions.
pub struct Commands {
    /// The plugins of the host.
    pub plugins: Arc<Plugins>,
    /// Requests a minute.
    pub limiter: RequestLimiter,
    /// Hears of denials, limits and stops.
    pub log: SecurityLog,
    /// The host's own methods.
    pub methods: Arc<HostMethods>,
    /// Requests of one session that may wait.
    pub queue: usize,
    /// Where stops, and replies out of turn, run.
    pub runtime: Handle,
}

/// The requests of one session.
struct Requests {
    commands: Arc<Commands>,
    session: Session,
    client: Client,
    /// What waits for its turn.
    queue: Mutex<VecDeque<Work>>,
    refusals: Arc<Mutex<RefusalWindow>>,
    stops: Arc<Stops>,
    stopping: Arc<Semaphore>,
    recorded_stops: Arc<Mutex<Repeats>>,
    jogs: Arc<Jogs>,
}

/// A request's result, or why there is none.
pub(crate) type Outcome = Result<Box<RawValue>, Refusal>;

/// What a message consists of: a call, or what to reply to what is none.
type Element = Result<Call, Option<Reply>>;

/// The same, with the counts of stops from when it was read.
type Counted = Result<(StopCounts, Call), Option<Reply>>;

/// What became of a stop so far.
enum Stop {
    /// It is on its way, or its policy is being asked.
    Begun(JoinHandle<Outcome>),
    /// It is on its way, and too many replies wait already.
    Crowded,
    /// It is not: the policy denies it, or too many wait for what the policy says.
    Refused(Refusal),
}

/// One message: what is settled already, and what waits for its turn.
struct Work {
    batch: bool,
    steps: Vec<Step>,
}

enum Step {
    Ready(Reply),
    /// A stop is on its way; its reply tells how it went.
    Stopping(slewgate_rpc::Id, JoinHandle<Outcome>),
    Waiting(Request),
}

/// [`Pipeline`] for [`Commands`].
pub struct CommandPipeline(pub Arc<Commands>);

impl Pipeline for CommandPipeline {
    fn open(&self, session: &Session) -> Box<dyn Receiver> {
        let commands = &self.0;
        let client = client(session);
        let stops = Arc::new(Stops::new(
            Arc::clone(&commands.plugins),
            client.clone(),
            &commands.runtime,
        ));
        Box::new(Requests {
            commands: Arc::clone(commands),
            session: session.clone(),
            client,
            queue: Mutex::default(),
            refusals: Arc::default(),
            stops,
            stopping: Arc::new(Semaphore::new(MAX_STOPS)),
            recorded_stops: Arc::default(),
            jogs: Arc::default(),
        })
    }
}

impl Receiver for Requests {
    fn receive(&self, text: &str) {
        let work = match parse(text) {
            Incoming::One(element) => Work {
                batch: false,
                steps: self.one(element).into_iter().collect(),
            },
            Incoming::Batch(elements) => Work {
                batch: true,
                steps: self.batch(elements),
            },
        };
        let work = match work.waits() {
            true => match self.enqueue(work) {
                Ok(()) => return,
                Err(work) => work.turned_away(),
            },
            false => work,
        };
        // At once wherever it can be: a client that floods makes no tasks that pile up.
        match work.is_ready() {
            true => send(&self.session, Session::answer, work.batch, work.ready()),
            false => self.reply(work),
        }
    }

    fn serve(&self) -> BoxStream<'_, ()> {
        let served = stream::repeat(()).then(move |()| async move {
            let work = poll_fn(|_| self.next()).await;
            let (commands, client, jogs) = (&self.commands, &self.client, &self.jogs);
            // Boxed: a session that rests keeps no room for its work.
            Box::pin(work.reply(commands, &self.session, Session::answer, client, jogs)).await;
        });
        served.boxed()
    }

    fn ended(&self) {
        record_rest(&self.commands.log, &self.session, &self.recorded_stops);
        self.commands.plugins.session_closed(self.client.session);
        self.commands.methods.session_closed(self.client.session);
    }
}

impl Requests {
    fn one(&self, element: Element) -> Option<Step> {
        let counted = self.counted(element);
        let stop = self.stop(&counted);
        self.settle(counted, stop)
    }

    /// Whatever shares a message with a stop is older than it, wherever it stands there; and the stop goes first: it is on its way
    /// before anything else is looked at.
    fn batch(&self, elements: Vec<Element>) -> Vec<Step> {
        let counted = elements.into_iter().map(|element| self.counted(element));
        let counted: Vec<_> = counted.collect();
        let stops: Vec<_> = counted.iter().map(|counted| self.stop(counted)).collect();
        let both = counted.into_iter().zip(stops);
        both.filter_map(|(counted, stop)| self.settle(counted, stop))
            .collect()
    }

    fn counted(&self, element: Element) -> Counted {
        element.map(|call| (stop_counts(&call, &self.commands.plugins), call))
    }

    /// Gives the work back where as much waits as may.
    fn enqueue(&self, work: Work) -> Result<(), Work> {
        let mut queue = self.queue();
        if queue.len() >= self.commands.queue {
            return Err(work);
        }
        queue.push_back(work);
        Ok(())
    }

    /// What is next in its turn. Who is told that nothing waits is not woken: see [`Receiver::serve`].
    fn next(&self) -> Poll<Work> {
        self.queue().pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Work>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, counted: &Counted) -> Option<Stop> {
        let (_, call) = counted.as_ref().ok()?;
        let stop = self.stops.recognise(call)?;
        let (stop, place) = match (stop, Arc::clone(&self.stopping).try_acquire_owned()) {
            (Recognised::Refused(refusal), _) => return Some(Stop::Refused(refusal)),
            (Recognised::Undecided(..), Err(_)) => {
                return Some(Stop::Refused(Refusal::busy(BUSY_RETRY)));
            }
            (Recognised::Sent(_), Err(_)) => return Some(Stop::Crowded),
            (stop, Ok(place)) => (stop, place),
        };
        let repeats = Arc::clone(&self.recorded_stops);
        let refusals = Arc::clone(&self.refusals);
        let (commands, session) = (Arc::clone(&self.commands), self.session.clone());
        let (stops, method) = (Arc::clone(&self.stops), call.method.clone());
        let begun = self.commands.runtime.spawn(async move {
            let _place = place;
            let mut outcome = stops.carry_out(stop).await;
            if matches!(&outcome, Err(refusal) if refusal.code == Code::Denied) {
                outcome = admit(&commands, &session, &refusals).and(outcome);
            }
            let how = outcome
                .as_ref()
                .map_or_else(|refusal| &*refusal.sentence, |_| "asked by a client");
            if !matches!(&outcome, Err(refusal) if matches!(refusal.code, Code::Denied | Code::RateLimited)) {
                record_stop(&commands.log, &session, &repeats, &method, how);
            }
            tell(&commands.log, &session, &method, &outcome);
            outcome
        });
        Some(Stop::Begun(begun))
    }

    /// A stop that is refused is a request like any other: it counts, and who goes on is shown the door.
    fn refused(&self, call: &Call, refusal: Refusal) -> Option<Step> {
        let outcome = Err(self.admit().err().unwrap_or(refusal));
        tell(&self.commands.log, &self.session, &call.method, &outcome);
        let id = call.id.clone()?;
        Some(Step::Ready(Reply { id, outcome }))
    }

    /// What can be said at once, or what has to wait. None: nothing to reply.
    fn settle(&self, element: Counted, stop: Option<Stop>) -> Option<Step> {
        if let (Ok((_, call)), Some(stop)) = (&element, stop) {
            return match stop {
                Stop::Refused(refusal) => self.refused(call, refusal),
                Stop::Begun(begun) => Some(Step::Stopping(call.id.clone()?, begun)),
                Stop::Crowded => Some(Step::Ready(Reply::refused(call.id.clone()?, crowded()))),
            };
        }
        if let Ok((_, call)) = &element
            && let Some(renewed) =
                self.jogs
                    .renew(&self.commands.plugins, self.client.session, call)
        {
            return call
                .id
                .clone()
                .map(|id| Step::Ready(Reply::done(id, renewed)));
        }
        let admitted = self.admit();
        match (element, admitted) {
            (Ok((counts, call)), Ok(())) => Some(Step::Waiting(Request::new(call, counts))),
            (Ok((_, call)), Err(refusal)) => {
                call.id.map(|id| Step::Ready(Reply::refused(id, refusal)))
            }
            (Err(reply), Ok(())) => reply.map(Step::Ready),
            (Err(reply), Err(refusal)) => {
                reply.map(|reply| Step::Ready(Reply::refused(reply.id, refusal)))
            }
        }
    }

    fn admit(&self) -> Result<(), Refusal> {
        admit(&self.commands, &self.session, &self.refusals)
    }

    /// Out of turn.
    fn reply(&self, work: Work) {
        let (commands, session) = (Arc::clone(&self.commands), self.session.clone());
        let (client, jogs) = (self.client.clone(), Arc::clone(&self.jogs));
        self.commands.runtime.spawn(async move {
            let way = Session::send;
            work.reply(&commands, &session, way, &client, &jogs).await;
        });
    }
}

/// Counts a request. One too many is refused, and who goes on is shown the door.
fn admit(
    commands: &Commands,
    session: &Session,
    refusals: &Mutex<RefusalWindow>,
) -> Result<(), Refusal> {
    let client = session.client();
    let limited = commands.limiter.check(
        client.address.ip(),
        &client.token.id,
        client.token.requests_per_minute,
    );
    let Err(limited) = limited else { return Ok(()) };
    record(
        &commands.log,
        session,
        EventKind::RateLimit,
        "",
        &limited.to_string(),
    );
    let mut refusals = refusals.lock().unwrap_or_else(PoisonError::into_inner);
    if refusals.refused(Instant::now()) {
        session.close(Close::RATE_LIMIT);
    }
    Err(Refusal::rate_limited(limited.retry_after, limited.limit))
}

impl Work {
    fn is_ready(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Ready(_)))
    }

    fn ready(self) -> Vec<Reply> {
        let ready = self.steps.into_iter().filter_map(|step| match step {
            Step::Ready(reply) => Some(reply),
            Step::Stopping(..) | Step::Waiting(_) => None,
        });
        ready.collect()
    }

    fn waits(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Step::Waiting(_)))
    }

    /// There is no room for what would wait.
    fn turned_away(self) -> Work {
        let steps = self.steps.into_iter().filter_map(|step| match step {
            Step::Waiting(request) => Some(Step::Ready(Reply::refused(
                request.id?,
                Refusal::busy(BUSY_RETRY),
            ))),
            settled => Some(settled),
        });
        Work {
            batch: self.batch,
            steps: steps.collect(),
        }
    }

    async fn reply(
        self,
        commands: &Commands,
        session: &Session,
        way: Way,
        client: &Client,
        jogs: &Jogs,
    ) {
        let mut replies = Vec::with_capacity(self.steps.len());
        for step in self.steps {
            replies.extend(step.reply(commands, session, client, jogs).await);
        }
        send(session, way, self.batch, replies);
    }
}

impl Step {
    async fn reply(
        self,
        commands: &Commands,
        session: &Session,
        client: &Client,
        jogs: &Jogs,
    ) -> Option<Reply> {
        match self {
            Step::Ready(reply) => Some(reply),
            Step::Stopping(id, stop) => {
                let fault = |_| Err(commands.fault("the stop's task ended"));
                let outcome = stop.await.unwrap_or_else(fault);
                Some(Reply { id, outcome })
            }
            Step::Waiting(mut request) => {
                let id = request.id.take();
                let method = request.method.clone();
                let jog = request.jog(&commands.plugins);
                let outcome = answer(commands, session, client, request).await;
                let outcome = outcome.map_err(|refusal| commands.numbered(refusal));
                tell(&commands.log, session, &method, &outcome);
                if let (Some(jog), Ok(_)) = (jog, &outcome) {
                    jogs.carried_out(jog);
                }
                Some(Reply { id: id?, outcome })
            }
        }
    }
}

/// Look up, fit, decide, handle.
async fn answer(
    commands: &Commands,
    session: &Session,
    client: &Client,
    request: Request,
) -> Outcome {
    let snapshot = commands.plugins.current();
    let (target, action) = request.look_up(&snapshot, &commands.methods)?;
    let permit = Arc::clone(&snapshot).decide(client, action).await?;
    handle(commands, session, target, permit).await
}

async fn handle(commands: &Commands, session: &Session, target: Target, permit: Permit) -> Outcome {
    match target {
        Target::Plugin => Snapshot::handle(permit).await,
        // Boxed: the requests that wait for no sample are no larger for it.
        Target::Status { table, age } => Box::pin(methods::status(&permit, &table, age)).await,
        Target::Host(method) => commands.methods.serve(method, session, permit).await,
    }
}

impl Commands {
    /// A fault of the host: for the client a number, in the log what is behind it.
    fn fault(&self, cause: &str) -> Refusal {
        let incident = self.plugins.incident();
        tracing::error!(incident, cause, "a fault of the host");
        Refusal::internal(incident, cause)
    }

    /// Gives a fault its number where it has none yet.
    fn numbered(&self, refusal: Refusal) -> Refusal {
        let number = |refusal: &Refusal| {
            refusal
                .data
                .as_ref()?
                .get("incident")?
                .as_str()
                .map(str::len)
        };
        if refusal.code == Code::Internal && number(&refusal).unwrap_or(0) == 0 {
            return self.fault(&refusal.cause);
        }
        refusal
    }
}

/// The reply to one stop too many. It went the way of those before it.
fn crowded() -> Refusal {
    let sentence = format!("sent; {MAX_STOPS} stops before it wait for the line");
    Refusal::hardware(
        slewgate_rpc::Outcome::Indeterminate,
        sentence,
        "too many stops wait",
    )
}
