//! The life of a request, on one screen:
//! parse -> stop? -> admit -> queue, in the session's reader, which never waits; then, in the session's worker,
//! look up -> fit -> decide -> handle -> record -> reply. What waits for no turn, such as a stop, is replied to out of turn.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use slewgate_engine::Plugins;
use slewgate_engine::{Client, Permit, Snapshot, StopCounts};
use slewgate_rpc::Code;
use slewgate_rpc::{Call, Incoming, Refusal, Reply, batch_text, parse};
use slewgate_security::admission::{RefusalWindow, RequestLimiter};
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::jogs::Jogs;
use crate::methods::{self, HostMethods};
use crate::net::close::Close;
use crate::requests::{Request, Target, stop_counts};
use crate::session::{Pipeline, Receiver};
use crate::sessions::Session;
use crate::stops::Stops;

/// When a client whose queue is full may try again.
const BUSY_RETRY: Duration = Duration::from_millis(250);

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
    /// Where the workers of sessions run.
    pub runtime: Handle,
}

/// The requests of one session.
struct Requests {
    commands: Arc<Commands>,
    session: Session,
    client: Client,
    queue: mpsc::Sender<Work>,
    refusals: Mutex<RefusalWindow>,
    stops: Arc<Stops>,
    jogs: Jogs,
    worker: JoinHandle<()>,
}

/// One message: what is settled already, and what waits for its turn.
struct Work {
    batch: bool,
    steps: Vec<Step>,
}

enum Step {
    Ready(Reply),
    /// A stop is on its way; its reply tells how it went.
    Stopping(slewgate_rpc::Id, JoinHandle<Result<Box<RawValue>, Refusal>>),
    Waiting(Request),
}

/// [`Pipeline`] for [`Commands`].
pub struct CommandPipeline(pub Arc<Commands>);

impl Pipeline for CommandPipeline {
    fn open(&self, session: &Session) -> Box<dyn Receiver> {
        let commands = &self.0;
        let client = client(session);
        let (queue, works) = mpsc::channel(commands.queue);
        let stops = Arc::new(Stops::new(
            Arc::clone(&commands.plugins),
            client.clone(),
            &commands.runtime,
        ));
        let worker = commands.runtime.spawn(serve(
            Arc::clone(commands),
            session.clone(),
            client.clone(),
            works,
        ));
        Box::new(Requests {
            commands: Arc::clone(commands),
            session: session.clone(),
            client,
            queue,
            refusals: Mutex::default(),
            stops,
            jogs: Jogs::default(),
            worker,
        })
    }
}

impl Receiver for Requests {
    fn receive(&self, text: &str) {
        let (batch, elements) = match parse(text) {
            Incoming::One(element) => (false, vec![element]),
            Incoming::Batch(elements) => (true, elements),
        };
        // Whatever shares a message with a stop is older than it, wherever it stands there.
        let plugins = &self.commands.plugins;
        let counted: Vec<_> = elements
            .into_iter()
            .map(|element| element.map(|call| (stop_counts(&call, plugins), call)))
            .collect();
        // A stop goes first, also inside a batch: it is on its way before anything else is looked at.
        let stops: Vec<_> = counted
            .iter()
            .map(|element| self.stop(&element.as_ref().ok()?.1))
            .collect();
        let steps = counted
            .into_iter()
            .zip(stops)
            .filter_map(|(element, stop)| self.settle(element, stop));
        let work = Work {
            batch,
            steps: steps.collect(),
        };
        if !work.waits() {
            self.reply(work);
        } else if let Err(mpsc::error::TrySendError::Full(work)) = self.queue.try_send(work) {
            self.reply(work.turned_away());
        }
    }

    fn ended(&self) {
        self.commands.plugins.session_closed(self.client.session);
        self.commands.methods.session_closed(self.client.session);
        self.worker.abort();
    }
}

impl Requests {
    fn stop(&self, call: &Call) -> Option<JoinHandle<Result<Box<RawValue>, Refusal>>> {
        let stop = self.stops.recognise(call)?;
        let (commands, session) = (Arc::clone(&self.commands), self.session.clone());
        let (stops, method) = (Arc::clone(&self.stops), call.method.clone());
        Some(self.commands.runtime.spawn(async move {
            let outcome = stops.carry_out(stop).await;
            let how = outcome
                .as_ref()
                .map_or_else(|refusal| &*refusal.sentence, |_| "asked by a client");
            if !matches!(&outcome, Err(refusal) if refusal.code == Code::Denied) {
                record(&commands.log, &session, EventKind::MotionStop, &method, how);
            }
            tell(&commands, &session, &method, &outcome);
            outcome
        }))
    }

    /// What can be said at once, or what has to wait. None: nothing to reply.
    fn settle(
        &self,
        element: Result<(StopCounts, Call), Option<Reply>>,
        stop: Option<JoinHandle<Result<Box<RawValue>, Refusal>>>,
    ) -> Option<Step> {
        if let (Ok((_, call)), Some(stop)) = (&element, stop) {
            return call.id.clone().map(|id| Step::Stopping(id, stop));
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
        let client = self.session.client();
        let limited = self.commands.limiter.check(
            client.address.ip(),
            &client.token.id,
            client.token.requests_per_minute,
        );
        let Err(limited) = limited else { return Ok(()) };
        self.record(EventKind::RateLimit, "", &limited.to_string());
        let too_often = self
            .refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .refused(Instant::now());
        if too_often {
            self.session.close(Close::RATE_LIMIT);
        }
        Err(Refusal::rate_limited(limited.retry_after, limited.limit))
    }

    /// Out of turn.
    fn reply(&self, work: Work) {
        let (commands, session) = (Arc::clone(&self.commands), self.session.clone());
        let client = self.client.clone();
        self.commands
            .runtime
            .spawn(async move { work.reply(&commands, &session, &client).await });
    }

    fn record(&self, kind: EventKind, subject: &str, reason: &str) {
        record(&self.commands.log, &self.session, kind, subject, reason);
    }
}

/// Serves one session's requests in their order.
async fn serve(
    commands: Arc<Commands>,
    session: Session,
    client: Client,
    mut works: mpsc::Receiver<Work>,
) {
    while let Some(work) = works.recv().await {
        work.reply(&commands, &session, &client).await;
    }
}

impl Work {
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

    async fn reply(self, commands: &Commands, session: &Session, client: &Client) {
        let mut replies = Vec::with_capacity(self.steps.len());
        for step in self.steps {
            replies.extend(step.reply(commands, session, client).await);
        }
        send(session, self.batch, &replies);
    }
}

impl Step {
    async fn reply(self, commands: &Commands, session: &Session, client: &Client) -> Option<Reply> {
        match self {
            Step::Ready(reply) => Some(reply),
            Step::Stopping(id, stop) => {
                let outcome = stop
                    .await
                    .unwrap_or_else(|_| Err(Refusal::internal("", "the stop's task ended")));
                Some(Reply { id, outcome })
            }
            Step::Waiting(mut request) => {
                let id = request.id.take();
                let method = request.method.clone();
                let outcome = answer(commands, session, client, request).await;
                tell(commands, session, &method, &outcome);
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
) -> Result<Box<RawValue>, Refusal> {
    let snapshot = commands.plugins.current();
    let (target, action) = request.look_up(&snapshot, &commands.methods)?;
    let permit = Arc::clone(&snapshot).decide(client, action).await?;
    handle(commands, session, target, permit).await
}

async fn handle(
    commands: &Commands,
    session: &Session,
    target: Target,
    permit: Permit,
) -> Result<Box<RawValue>, Refusal> {
    match target {
        Target::Plugin => Snapshot::handle(permit).await,
        Target::Status { table, age } => methods::status(&permit, &table, age).await,
        Target::Host(method) => commands.methods.serve(method, session, permit).await,
    }
}

/// The one place where the outcome of a request is recorded.
fn tell(
    commands: &Commands,
    session: &Session,
    method: &str,
    outcome: &Result<Box<RawValue>, Refusal>,
) {
    let Err(refusal) = outcome else {
        tracing::debug!(session = session.client().session, method, "done");
        return;
    };
    // What a client takes for a method may be its token.
    let harmless = |text: &str| commands.log.harmless(text);
    tracing::debug!(
        session = session.client().session,
        method = harmless(method),
        code = refusal.code.number(),
        cause = harmless(&refusal.cause),
        "{}",
        harmless(&refusal.sentence)
    );
    if refusal.code == Code::Denied {
        let reason = refusal
            .data
            .as_ref()
            .and_then(|data| data.get("reason")?.as_str().map(str::to_owned));
        record(
            &commands.log,
            session,
            EventKind::Denied,
            method,
            reason.as_deref().unwrap_or(&refusal.cause),
        );
    }
}

fn record(log: &SecurityLog, session: &Session, kind: EventKind, subject: &str, reason: &str) {
    let client = session.client();
    let event = SecurityEvent::new(kind)
        .from(client.address)
        .session(client.session)
        .client(&client.client_id)
        .token(&client.token.id)
        .client_type(&client.token.client_type)
        .reason(reason);
    log.record(if subject.is_empty() {
        event
    } else {
        event.subject(subject)
    });
}

fn send(session: &Session, batch: bool, replies: &[Reply]) {
    let text = if batch {
        batch_text(replies)
    } else {
        replies.first().map(Reply::to_text)
    };
    if let Some(text) = text {
        // A session that takes no more is being closed, and its client is told why.
        let _ = session.send(text);
    }
}

fn client(session: &Session) -> Client {
    let client = session.client();
    Client {
        session: client.session,
        id: client.client_id.clone(),
        client_type: client.token.client_type.clone(),
        name: client.token.name.clone(),
    }
}
