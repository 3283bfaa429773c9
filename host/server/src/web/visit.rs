//! The life of a connection to port 5000: a slot, one request, and its end or what it becomes.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::Router;
use axum::http::HeaderMap;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::upgrade::{OnUpgrade, Parts, Upgraded};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use slewgate_security::admission::{Refused as NoRoom, Slot};
use slewgate_security::log::{EventKind, SecurityEvent};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::mjpeg::Watch;
use super::page::Page;
use super::routes::router;
use crate::connection::Door;
use crate::liveview::LiveView;
use crate::net::activity::Activity;
use crate::net::ahead::Ahead;
use crate::net::ending::End;
use crate::net::metered::Metered;
use crate::net::pressure::{Pressed, Pressure};
use crate::net::websocket::forwarded_for;
use crate::platform;

/// The least that the library takes for its buffer of a connection.
const LEAST_BUFFER: usize = 8 * 1024;

/// Lines of a request's head.
const MAX_HEADERS: usize = 64;

/// What port 5000 is made of. Its limits, slots, names and log are those of the commands' door.
pub struct Web {
    /// The commands, as on their own port.
    pub command: Arc<Door>,
    /// The live view, as on its own port.
    pub liveview: Arc<Door>,
    /// What that door leads to.
    pub pictures: Arc<LiveView>,
    /// The page.
    pub page: Page,
    /// The host was told to end.
    pub ending: CancellationToken,
    /// Counts viewers that have no client id of their own.
    pub viewers: AtomicU64,
}

/// The port, ready for connections.
pub struct Port {
    web: Arc<Web>,
    router: Router,
}

/// One connection and its request.
pub(super) struct Visit {
    /// Who connected.
    peer: SocketAddr,
    /// Whom the request is from, where a proxy says so.
    brought: OnceLock<SocketAddr>,
    pub(super) accepted: Instant,
    pub(super) activity: Arc<Activity>,
    pub(super) pressure: Arc<Pressure>,
    /// Until it goes with what the connection becomes.
    slot: Mutex<Option<Slot>>,
    becomes: Mutex<Option<Becomes>>,
    watch: OnceLock<Watch>,
    watches: Notify,
}

/// What a connection becomes when its request was answered.
struct Becomes {
    door: Arc<Door>,
    upgrading: OnUpgrade,
}

/// Why a request came to nothing, or its answer to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("the request was not made and answered in time")]
    Late,
    #[error("the host is shutting down")]
    Stopping,
    /// The session that the answer is.
    #[error("{0}")]
    Session(End),
    #[error("no request: {0}")]
    Http(hyper::Error),
}

impl Port {
    /// The port of `web`.
    #[must_use]
    pub fn new(web: Web) -> Arc<Port> {
        let web = Arc::new(web);
        let router = router(&web);
        Arc::new(Port { web, router })
    }

    /// Decides at once whether there is room for a connection; its life, if so. For
    /// [`crate::net::listener::Bound::run`].
    pub fn welcome(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let slot = self.web.command.slot(&stream, peer)?;
        // It may come to be a viewer's.
        platform::keep_fresh(&stream);
        let (port, accepted) = (Arc::clone(self), Instant::now());
        Some(async move {
            let door = &port.web.command;
            if let Some(stream) = door.transport(stream, peer, accepted).await {
                port.serve(stream, peer, accepted, slot).await;
            }
        })
    }

    /// The whole life of a connection, which ends when this does.
    pub(crate) async fn serve<S>(
        self: Arc<Self>,
        stream: S,
        peer: SocketAddr,
        accepted: Instant,
        slot: Slot,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let pressure = Arc::<Pressure>::default();
        let stream = Pressed::new(stream, Arc::clone(&pressure));
        let room = self.web.command.limits.upgrade_bytes.max(LEAST_BUFFER);
        let stream = Metered::new(stream, room);
        let visit = Arc::new(Visit {
            peer,
            brought: OnceLock::new(),
            accepted,
            activity: stream.activity(),
            pressure,
            slot: Mutex::new(Some(slot)),
            becomes: Mutex::default(),
            watch: OnceLock::new(),
            watches: Notify::new(),
        });
        let answered = self.answer(stream, room, &visit).await;
        // Whoever was in the connection is gone with it, so this is the last to hold the visit.
        let Some(visit) = Arc::into_inner(visit) else {
            return;
        };
        let from = visit.from();
        match (visit.watch.into_inner(), answered) {
            (Some(watch), answered) => watch.over(&self.web.liveview, answered.err()),
            (None, Err(ended)) => self.web.note(from, ended.to_string()),
            (None, Ok(())) => {}
        }
        let (becomes, slot) = (locked(&visit.becomes).take(), locked(&visit.slot).take());
        if let (Some(becomes), Some(slot)) = (becomes, slot)
            && let Ok(upgraded) = becomes.upgrading.await
            && let Some(stream) = taken_back::<S>(upgraded)
        {
            let entering = becomes.door.take_over(stream, from, visit.accepted, slot);
            entering.await;
        }
    }

    /// Reads a request and writes its answer. `Err` has the cause why it came to nothing, or to its end.
    async fn answer<S>(
        &self,
        stream: Metered<Pressed<S>>,
        room: usize,
        visit: &Arc<Visit>,
    ) -> Result<(), Ended>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let limits = &self.web.command.limits;
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(Arc::clone(visit));
            TowerToHyperService::new(self.router.clone()).call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.upgrade)
            .max_headers(MAX_HEADERS)
            .max_header_size(limits.upgrade_bytes)
            .max_buf_size(room)
            .writev(true)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::select! {
            biased;
            ended = self.cut(visit) => Err(ended),
            done = connection => done.map_err(Ended::Http),
        }
    }

    /// Waits for what ends a connection from outside: before it shows a token, its time; then, its session.
    async fn cut(&self, visit: &Visit) -> Ended {
        let Door {
            limits, stopping, ..
        } = &*self.web.command;
        tokio::select! {
            biased;
            watch = visit.watching() => {
                Ended::Session(watch.end(&self.web, &visit.pressure).await)
            }
            () = stopping.cancelled() => Ended::Stopping,
            () = sleep_until(visit.accepted + limits.total) => Ended::Late,
        }
    }
}

impl Web {
    /// Puts on record why a request came to nothing.
    pub(super) fn note(&self, from: SocketAddr, cause: String) {
        let event = SecurityEvent::new(EventKind::Closed).from(from);
        self.command.log.record(event.reason(cause));
    }

    /// Whether there is room for whom a request is from. Where there is none, that is on record.
    pub(super) fn room(&self, visit: &Visit, headers: &HeaderMap) -> Result<(), NoRoom> {
        let refused = match visit.comes_from(headers) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        let event = SecurityEvent::new(EventKind::RateLimit).from(visit.from());
        self.command.log.record(event.reason(refused.to_string()));
        Err(refused)
    }
}

impl Visit {
    /// Whom the request is from: who connected, or whom a proxy brings.
    pub(super) fn from(&self) -> SocketAddr {
        self.brought.get().copied().unwrap_or(self.peer)
    }

    fn comes_from(&self, headers: &HeaderMap) -> Result<(), NoRoom> {
        let mut slot = locked(&self.slot);
        // It is there until the request is under way.
        let Some(slot) = slot.as_mut().filter(|slot| !slot.is_known()) else {
            return Ok(());
        };
        let source = slot.source(forwarded_for(headers));
        // A connection has one request. The port stays that of the proxy's.
        let _ = self.brought.set((source, self.peer.port()).into());
        slot.comes_from(source)
    }

    /// The connection's slot, for who goes on with it.
    pub(super) fn slot(&self) -> Option<Slot> {
        locked(&self.slot).take()
    }

    /// When the request was answered, its connection goes through `door`.
    pub(super) fn goes_through(&self, door: &Arc<Door>, upgrading: OnUpgrade) {
        *locked(&self.becomes) = Some(Becomes {
            door: Arc::clone(door),
            upgrading,
        });
    }

    /// The answer is a session's pictures.
    pub(super) fn watches(&self, watch: Watch) {
        // A connection has one request.
        let _ = self.watch.set(watch);
        self.watches.notify_one();
    }

    async fn watching(&self) -> &Watch {
        loop {
            if let Some(watch) = self.watch.get() {
                return watch;
            }
            self.watches.notified().await;
        }
    }
}

fn locked<T>(of: &Mutex<Option<T>>) -> MutexGuard<'_, Option<T>> {
    // It is set and taken whole.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream as it was before it was a request's, with what its peer sent beyond the request.
fn taken_back<S>(upgraded: Upgraded) -> Option<Ahead<S>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let parts = upgraded.downcast::<TokioIo<Metered<Pressed<S>>>>().ok()?;
    let Parts { io, read_buf, .. } = parts;
    let stream = io.into_inner().into_inner().into_inner();
    Some(Ahead::new(read_buf, stream))
}
