//! The life of a request, on one screen:
//! parse -> stop? -> admit -> queue, in the session's reader, which never waits; then, in the session's worker,
//! look up -> fit -> decide -> handle -> record -> reply.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use slewgate_engine::Plugins;
use slewgate_engine::{Client, Permit, Snapshot};
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
use crate::requests::{Request, Target};
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
        // A stop goes first, also inside a batch: it is on its way before anything else is looked at.
        let stops: Vec<_> = elements
            .iter()
            .map(|element| self.stop(element.as_ref().ok()?))
            .collect();
        let steps = elements
            .into_iter()
            .zip(stops)
            .filter_map(|(element, stop)| self.settle(element, stop));
        let work = Work {
            batch,
            steps: steps.collect(),
        };
        if let Err(mpsc::error::TrySendError::Full(work)) = self.queue.try_send(work) {
            self.answer_busy(work);
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
        self.record(EventKind::MotionStop, &call.method, "asked by a client");
        Some(
            self.commands
                .runtime
                .spawn(Arc::clone(&self.stops).carry_out(stop)),
        )
    }

    /// What can be said at once, or what has to wait. None: nothing to reply.
    fn settle(
        &self,
        element: Result<Call, Option<Reply>>,
        stop: Option<JoinHandle<Result<Box<RawValue>, Refusal>>>,
    ) -> Option<Step> {
        if let (Ok(call), Some(stop)) = (&element, stop) {
            return call.id.clone().map(|id| Step::Stopping(id, stop));
        }
        if let Ok(call) = &element
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
            (Ok(call), Ok(())) => Some(Step::Waiting(Request::new(call, &self.commands.plugins))),
            (Ok(call), Err(refusal)) => call.id.map(|id| Step::Ready(Reply::refused(id, refusal))),
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

    fn answer_busy(&self, work: Work) {
        let replies: Vec<_> = work.steps.into_iter().filter_map(Step::busy).collect();
        send(&self.session, work.batch, &replies);
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
        let mut replies = Vec::with_capacity(work.steps.len());
        for step in work.steps {
            replies.extend(step.reply(&commands, &session, &client).await);
        }
        send(&session, work.batch, &replies);
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

    fn busy(self) -> Option<Reply> {
        match self {
            Step::Ready(reply) => Some(reply),
            // It was carried out all the same.
            Step::Stopping(id, _) => RawValue::from_string(r#"{"stopped":true}"#.to_owned())
                .ok()
                .map(|done| Reply::done(id, done)),
            Step::Waiting(request) => request
                .id
                .map(|id| Reply::refused(id, Refusal::busy(BUSY_RETRY))),
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
    tracing::debug!(
        session = session.client().session,
        method,
        code = refusal.code.number(),
        cause = refusal.cause,
        "{refusal}"
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
