//! The life of one connection: a slot, the upgrade, authentication, a session, its end. What the session is for is a value:
//! the same door stands before every port.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use slewgate_security::admission::{Admission, Offence, Refused, Slot};
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use slewgate_security::tokens::{TokenProblem, TokenSet, TokenUses};
use slewgate_sky::SharedClock;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::http::HeaderMap;
use tokio_util::sync::CancellationToken;

use crate::authenticate::{AUTH_FAILED, Claim, auth_ok, claim, first_message, timestamp};
use crate::liveview::LiveView;
use crate::net::activity::Activity;
use crate::net::budget::{Allowance, Rate};
use crate::net::close::Close;
use crate::net::ending::{End, finish};
use crate::net::limits::Limits;
use crate::net::origins::Origins;
use crate::net::outbox::Outbox;
use crate::net::transport::Transport;
use crate::net::websocket::{UpgradeError, WebSocket, forwarded_for, upgrade, upgraded};
use crate::platform;
use crate::session::{Life, Pipeline};
use crate::sessions::{Newcomer, NoPlace, Place, Purpose, Session, Sessions};
use crate::tls::Tls;

/// What a connection without a slot gets: there is no room to talk with it.
const NO_SLOT: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\nRetry-After: 10\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

/// What follows authentication.
#[derive(Clone)]
pub enum Service {
    /// Requests, which the pipeline takes.
    Commands(Arc<dyn Pipeline>),
    /// Pictures.
    LiveView(Arc<LiveView>),
}

/// The way in to a port: everything that a connection needs.
#[derive(Clone)]
pub struct Door {
    /// What a connection may cost.
    pub limits: Limits,
    /// Pages that may connect.
    pub origins: Origins,
    /// Slots.
    pub admission: Admission,
    /// The tokens in force.
    pub tokens: watch::Receiver<Arc<TokenSet>>,
    /// Where sessions are registered.
    pub sessions: Arc<Sessions>,
    /// What follows authentication.
    pub service: Service,
    /// Keeps when each token was used last.
    pub uses: Arc<TokenUses>,
    /// Without it, what is sent can be read on its way.
    pub tls: Option<Tls>,
    /// Hears of every outcome.
    pub log: SecurityLog,
    /// The wall clock.
    pub clock: SharedClock,
    /// The end of connections that are not sessions yet.
    pub stopping: CancellationToken,
}

impl Service {
    /// What its sessions are for.
    pub(crate) fn purpose(&self) -> Purpose {
        match self {
            Service::Commands(_) => Purpose::Commands,
            Service::LiveView(_) => Purpose::LiveView,
        }
    }

    /// Where its WebSocket is: on a port of its own, and on the port of the web page.
    pub(crate) fn paths(&self) -> [&'static str; 2] {
        match self {
            Service::Commands(_) => ["/", "/command"],
            Service::LiveView(_) => ["/", "/liveview"],
        }
    }

    /// The session of `place`, to its end.
    async fn serve<S>(&self, socket: WebSocket<S>, place: Place, limits: &Limits) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match self {
            Service::Commands(pipeline) => {
                Life::begin(place, &**pipeline).live(socket, limits).await
            }
            // Boxed: the sessions of one service are no smaller for what those of the other hold.
            Service::LiveView(liveview) => Box::pin(liveview.serve(socket, place, limits)).await,
        }
    }
}

/// A connection on its way to a session.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// Whose it is: who connected, or whom a proxy brings.
    peer: SocketAddr,
    accepted: Instant,
    slot: Slot,
    outbox: Outbox,
    /// What is known of it, for the log.
    known: SecurityEvent,
}

/// Why an arrival becomes no session.
pub(crate) struct Rejected {
    kind: EventKind,
    end: End,
    cause: String,
}

impl Door {
    /// Decides at once whether there is room for a connection; its life, if so. For
    /// [`crate::net::listener::Bound::run`].
    pub fn welcome(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let slot = self.slot(&stream, peer)?;
        if self.service.purpose() == Purpose::LiveView {
            platform::keep_fresh(&stream);
        }
        let (door, accepted) = (Arc::clone(self), Instant::now());
        Some(async move {
            if let Some(stream) = door.transport(stream, peer, accepted).await {
                door.serve(stream, peer, accepted, slot).await;
            }
        })
    }

    /// What is to carry a connection, if it comes to that.
    pub(crate) async fn transport(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        accepted: Instant,
    ) -> Option<Transport> {
        let Some(tls) = &self.tls else {
            return Some(Transport::Plain(stream));
        };
        // Boxed: a session keeps no room for how it began.
        let shaken = Box::pin(timeout_at(accepted + self.limits.tls, tls.accept(stream)));
        let cause = tokio::select! {
            () = self.stopping.cancelled() => return None,
            shaken = shaken => match shaken {
                Ok(Ok(stream)) => return Some(Transport::Tls(Box::new(stream))),
                Ok(Err(cause)) => cause.to_string(),
                Err(_) => "no TLS in time".to_owned(),
            },
        };
        let event = SecurityEvent::new(EventKind::Closed).from(peer);
        self.log.record(event.reason(cause));
        None
    }

    /// A place for a connection, or a word of refusal to it.
    pub(crate) fn slot(&self, stream: &TcpStream, peer: SocketAddr) -> Option<Slot> {
        let refused = match self.admission.connect(peer.ip()) {
            Ok(slot) => return Some(slot),
            Err(refused) => refused,
        };
        let event = SecurityEvent::new(EventKind::RateLimit).from(peer);
        self.log.record(event.reason(refused.to_string()));
        if self.tls.is_none() {
            // A courtesy: it fits into an empty buffer, and nobody waits for it.
            let _ = stream.try_write(NO_SLOT);
        }
        None
    }

    /// The whole life of a connection, which ends when this does.
    pub(crate) async fn serve<S>(
        self: Arc<Self>,
        stream: S,
        peer: SocketAddr,
        accepted: Instant,
        slot: Slot,
    ) where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut arrival = self.arrival(peer, accepted, slot);
        // Boxed, as is whatever else ends before a session begins: a session keeps no room for it.
        let socket = Box::pin(self.upgrade(stream, &mut arrival)).await;
        if let Some(socket) = socket {
            self.enter(socket, arrival).await;
        }
    }

    /// The rest of the life of a connection that was accepted at another port and asked for this one's WebSocket there:
    /// what was spent of its time stays spent.
    pub(crate) async fn take_over<S>(
        &self,
        stream: S,
        peer: SocketAddr,
        accepted: Instant,
        slot: Slot,
    ) where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let arrival = self.arrival(peer, accepted, slot);
        let mut socket = upgraded(stream, &self.limits).await;
        socket.get_mut().guard(Allowance::unknown(&self.limits));
        self.enter(socket, arrival).await;
    }

    /// A connection that is on its way, which is put on record: at once, or when it is known whom a proxy brings. Boxed: it is handed on
    /// from step to step, each of which would keep room for it.
    pub(crate) fn arrival(&self, peer: SocketAddr, accepted: Instant, slot: Slot) -> Box<Arrival> {
        let arrival = Box::new(Arrival {
            peer,
            accepted,
            slot,
            outbox: Outbox::new(self.limits.pending_bytes),
            known: SecurityEvent::new(EventKind::Connection).from(peer),
        });
        if arrival.slot.is_known() {
            self.arrived(&arrival);
        }
        arrival
    }

    fn arrived(&self, arrival: &Arrival) {
        let proxy = arrival.slot.proxy();
        let through = proxy.map(|proxy| format!("through the proxy {proxy}"));
        self.record(EventKind::Connection, arrival, through);
    }

    /// Whom a connection is from, as the head of its request says, and whether there is room for him.
    fn room(&self, arrival: &mut Arrival, headers: &HeaderMap) -> Result<(), Refused> {
        if arrival.slot.is_known() {
            return Ok(());
        }
        let source = arrival.slot.source(forwarded_for(headers));
        // The port stays that of the proxy's connection, which tells two of one source apart.
        arrival.peer.set_ip(source);
        arrival.known = SecurityEvent::new(EventKind::Connection).from(arrival.peer);
        arrival.slot.comes_from(source)?;
        self.arrived(arrival);
        Ok(())
    }

    async fn enter<S>(&self, mut socket: WebSocket<S>, mut arrival: Box<Arrival>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let admitted = Box::pin(self.admit(&mut socket, &mut arrival)).await;
        match admitted {
            Ok(place) => self.session(socket, arrival, place).await,
            Err(rejected) => Box::pin(self.reject(socket, arrival, rejected)).await,
        }
    }

    async fn upgrade<S>(&self, stream: S, arrival: &mut Arrival) -> Option<WebSocket<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let until = Instant::now() + self.limits.upgrade;
        let until = until.min(arrival.accepted + self.limits.total);
        let room = |headers: &HeaderMap| self.room(arrival, headers);
        let paths = self.service.paths();
        let upgraded = tokio::select! {
            () = self.stopping.cancelled() => return None,
            upgraded = upgrade(stream, paths, &self.origins, &self.limits, until, room) => upgraded,
        };
        match upgraded {
            Ok(mut socket) => {
                let allowance = Allowance::unknown(&self.limits);
                socket.get_mut().guard(allowance);
                Some(socket)
            }
            Err(error) => {
                let kind = match error {
                    UpgradeError::NoRoom(_) => EventKind::RateLimit,
                    _ => EventKind::Closed,
                };
                self.record(kind, arrival, error.to_string());
                None
            }
        }
    }

    /// From the first message to a place among the sessions.
    async fn admit<S>(
        &self,
        socket: &mut WebSocket<S>,
        arrival: &mut Arrival,
    ) -> Result<Place, Rejected>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let text = self.first_message(socket, arrival).await?;
        let activity = socket.get_ref().activity();
        self.place(claim(&text)?, arrival, activity).await
    }

    /// From what a client says of itself to a place among the sessions.
    pub(crate) async fn place(
        &self,
        claim: Claim,
        arrival: &mut Arrival,
        activity: Arc<Activity>,
    ) -> Result<Place, Rejected> {
        arrival.known.client_id = Some(claim.client_id.clone());
        let tokens = Arc::clone(&self.tokens.borrow());
        let now = timestamp(&*self.clock);
        let token = claim.check(&tokens, arrival.peer.ip(), now)?;
        arrival.known.token_id = Some(token.id.clone());
        arrival.known.client_type = Some(token.client_type.clone());
        arrival.slot.authenticated()?;
        let newcomer = Newcomer {
            client_id: claim.client_id,
            token,
            address: arrival.peer,
            purpose: self.service.purpose(),
            outbox: arrival.outbox.clone(),
            activity,
        };
        let entering = self
            .sessions
            .enter(newcomer, &arrival.slot, self.limits.probe);
        Ok(entering.await?)
    }

    async fn first_message<S>(
        &self,
        socket: &mut WebSocket<S>,
        arrival: &Arrival,
    ) -> Result<String, End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let until = Instant::now() + self.limits.authentication;
        let until = until.min(arrival.accepted + self.limits.total);
        tokio::select! {
            () = self.stopping.cancelled() => Err(End::Ours(Close::SHUTDOWN)),
            text = first_message(socket, until) => text,
        }
    }

    async fn session<S>(&self, mut socket: WebSocket<S>, mut arrival: Box<Arrival>, place: Place)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let session = place.session().clone();
        self.begun(&mut arrival, &session);
        socket.get_mut().admit(Rate::known(&self.limits));
        // A session that is being closed already takes nothing; its end tells the client.
        let _ = session.send(auth_ok(session.client()));
        let end = self.service.serve(socket, place, &self.limits).await;
        self.ended(&mut arrival, &end);
    }

    /// Puts on record that a session has begun.
    pub(crate) fn begun(&self, arrival: &mut Arrival, session: &Session) {
        arrival.known.session = Some(session.client().session);
        self.record(EventKind::AuthOk, arrival, None);
        self.used(arrival);
    }

    fn used(&self, arrival: &Arrival) {
        if let Some(id) = &arrival.known.token_id {
            self.uses.note(id, timestamp(&*self.clock));
        }
    }

    /// Puts on record that it has ended.
    pub(crate) fn ended(&self, arrival: &mut Arrival, end: &End) {
        arrival.known.code = end.close().map(|close| close.code);
        self.record(EventKind::Closed, arrival, end.to_string());
        self.used(arrival);
    }

    /// Puts on record that an arrival becomes no session: how its connection is to end.
    pub(crate) fn rejected(&self, arrival: &mut Arrival, rejected: Rejected) -> End {
        let Rejected { kind, end, cause } = rejected;
        arrival.known.code = end.close().map(|close| close.code);
        self.record(kind, arrival, cause);
        end
    }

    async fn reject<S>(&self, socket: WebSocket<S>, mut arrival: Box<Arrival>, rejected: Rejected)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let end = self.rejected(&mut arrival, rejected);
        if offence(&end).is_some_and(|offence| arrival.slot.offends(offence)) {
            let reason = "its source has failed too often, and waits from now on".to_owned();
            self.record(EventKind::RateLimit, &arrival, reason);
        }
        if end.close().is_some_and(|close| *close != Close::SHUTDOWN) {
            // The outbox is empty and this is short.
            let _ = arrival.outbox.send(AUTH_FAILED.to_owned());
        }
        finish(socket, &end, &arrival.outbox, &self.limits).await;
    }

    fn record(&self, kind: EventKind, arrival: &Arrival, reason: impl Into<Option<String>>) {
        let mut event = arrival.known.clone();
        event.kind = kind;
        event.reason = reason.into();
        self.log.record(event);
    }
}

/// What a connection did wrong that opened a WebSocket and became no session. Before that nothing is held against a source: any page in a browser
/// there can make it connect and say nonsense, and would lock its user out.
fn offence(end: &End) -> Option<Offence> {
    match end {
        End::Fault(..) => Some(Offence::Protocol),
        End::Ours(close) if *close == Close::AUTHENTICATION_TIMEOUT => Some(Offence::Silence),
        End::Ours(close) => [
            Close::AUTHENTICATION_ERROR,
            Close::AUTHENTICATION_FAILED,
            Close::CLIENT_ID_REQUIRED,
            Close::INVALID_JSON,
        ]
        .contains(close)
        .then_some(Offence::Authentication),
        End::Theirs | End::Gone(_) | End::Dead => None,
    }
}

impl From<End> for Rejected {
    fn from(end: End) -> Rejected {
        let kind = match end.close() {
            Some(close) if *close == Close::RATE_LIMIT => EventKind::RateLimit,
            _ => EventKind::AuthFailed,
        };
        let cause = match &end {
            End::Ours(close) => close.reason.to_string(),
            other => other.to_string(),
        };
        Rejected { kind, end, cause }
    }
}

impl From<Close> for Rejected {
    fn from(close: Close) -> Rejected {
        End::Ours(close).into()
    }
}

impl From<TokenProblem> for Rejected {
    fn from(problem: TokenProblem) -> Rejected {
        Rejected {
            cause: problem.to_string(),
            ..Close::AUTHENTICATION_FAILED.into()
        }
    }
}

impl From<Refused> for Rejected {
    fn from(refused: Refused) -> Rejected {
        Rejected {
            cause: refused.to_string(),
            ..Close::RATE_LIMIT.into()
        }
    }
}

impl From<NoPlace> for Rejected {
    fn from(no_place: NoPlace) -> Rejected {
        match no_place {
            NoPlace::AlreadyConnected => Close::ALREADY_CONNECTED.into(),
            NoPlace::Closing => Close::SHUTDOWN.into(),
        }
    }
}

#[cfg(test)]
mod tests;
