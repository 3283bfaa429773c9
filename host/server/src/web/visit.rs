//! The life of a connection to port 5000: a slot, one request, and its end or what it becomes.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::upgrade::{OnUpgrade, Parts};
use hyper::{Request, upgrade::Upgraded};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use slewgate_security::admission::{Admission, Slot};
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::page::Page;
use super::routes::router;
use crate::connection::{Door, NO_SLOT};
use crate::net::ahead::Ahead;
use crate::net::limits::Limits;
use crate::net::metered::Metered;
use crate::net::origins::Origins;

/// The least that the library takes for its buffer of a connection.
const LEAST_BUFFER: usize = 8 * 1024;

/// Lines of a request's head.
const MAX_HEADERS: usize = 64;

/// What port 5000 is made of.
pub struct Web {
    /// What a connection may cost before it shows a token.
    pub limits: Limits,
    /// Our names, and pages that may connect.
    pub origins: Origins,
    /// Slots.
    pub admission: Admission,
    /// The commands, as on their own port.
    pub command: Arc<Door>,
    /// Hears of what is refused.
    pub log: SecurityLog,
    /// The page.
    pub page: Page,
    /// The host was told to end.
    pub ending: CancellationToken,
    /// The end of connections that have not shown a token.
    pub stopping: CancellationToken,
}

/// The port, ready for connections.
pub struct Port {
    web: Arc<Web>,
    router: Router,
}

/// One connection and its request.
pub(super) struct Visit {
    peer: SocketAddr,
    accepted: Instant,
    becomes: Mutex<Option<Becomes>>,
}

/// What a connection becomes when its request was answered.
pub(super) struct Becomes {
    door: Arc<Door>,
    upgrading: OnUpgrade,
}

/// Why a connection is cut off in the middle of its request or its answer.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the request was not made and answered in time")]
    Late,
    #[error("the host is shutting down")]
    Stopping,
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
        match self.web.admission.connect(peer.ip()) {
            Ok(slot) => Some(Arc::clone(self).serve(stream, peer, slot)),
            Err(refused) => {
                let event = SecurityEvent::new(EventKind::RateLimit).from(peer);
                self.web.log.record(event.reason(refused.to_string()));
                // A courtesy: it fits into an empty buffer, and nobody waits for it.
                let _ = stream.try_write(NO_SLOT);
                None
            }
        }
    }

    /// The whole life of a connection, which ends when this does.
    pub(crate) async fn serve<S>(self: Arc<Self>, stream: S, peer: SocketAddr, slot: Slot)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let visit = Arc::new(Visit {
            peer,
            accepted: Instant::now(),
            becomes: Mutex::default(),
        });
        match self.answer(stream, &visit).await {
            Ok(()) => {}
            Err(cause) => self.web.note(&visit, cause),
        }
        let becomes = visit.becomes().take();
        if let Some(Becomes { door, upgrading }) = becomes
            && let Ok(upgraded) = upgrading.await
            && let Some(stream) = taken_back::<S>(upgraded)
        {
            door.take_over(stream, peer, visit.accepted, slot).await;
        }
    }

    /// Reads a request and writes its answer. `Err` has the cause why it came to nothing.
    async fn answer<S>(&self, stream: S, visit: &Arc<Visit>) -> Result<(), String>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let limits = &self.web.limits;
        let room = limits.upgrade_bytes.max(LEAST_BUFFER);
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
            .keep_alive(false)
            .serve_connection(TokioIo::new(Metered::new(stream, room)), service)
            .with_upgrades();
        tokio::select! {
            biased;
            cut = self.cut(visit) => Err(cut.to_string()),
            done = connection => done.map_err(|error| error.to_string()),
        }
    }

    async fn cut(&self, visit: &Visit) -> Cut {
        tokio::select! {
            () = self.web.stopping.cancelled() => Cut::Stopping,
            () = sleep_until(visit.accepted + self.web.limits.total) => Cut::Late,
        }
    }
}

impl Web {
    /// Puts on record why a request came to nothing.
    pub(super) fn note(&self, visit: &Visit, cause: String) {
        let event = SecurityEvent::new(EventKind::Closed).from(visit.peer);
        self.log.record(event.reason(cause));
    }
}

impl Visit {
    /// When the request was answered, its connection goes through `door`.
    pub(super) fn goes_through(&self, door: &Arc<Door>, upgrading: OnUpgrade) {
        *self.becomes() = Some(Becomes {
            door: Arc::clone(door),
            upgrading,
        });
    }

    fn becomes(&self) -> MutexGuard<'_, Option<Becomes>> {
        // It is set whole.
        self.becomes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream as it was before it was a request's, with what its peer sent beyond the request.
fn taken_back<S>(upgraded: Upgraded) -> Option<Ahead<S>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let parts = upgraded.downcast::<TokioIo<Metered<S>>>().ok()?;
    let Parts { io, read_buf, .. } = parts;
    Some(Ahead::new(read_buf, io.into_inner().into_inner()))
}
