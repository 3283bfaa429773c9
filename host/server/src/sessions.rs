//! The live sessions: who they are, how to send to them, how to end them.

mod registry;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use slewgate_security::admission::Slot;
use slewgate_security::tokens::{TokenRecord, TokenSet};
use slewgate_sky::SharedClock;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::authenticate::timestamp;

use crate::net::activity::Activity;
use crate::net::close::Close;
use crate::net::outbox::{Outbox, Unsent};

pub(crate) use registry::NoPlace;
use registry::{Occupant, Registry};

/// How often tokens are looked at for those whose time has run out.
const RECHECK: Duration = Duration::from_millis(500);

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Requests: port 4000.
    Commands,
    /// Pictures: port 8000.
    LiveView,
}

/// Who is at the other end of a session.
#[derive(Debug, Clone)]
pub struct Client {
    /// Unique while the host runs; never used again.
    pub session: u64,
    /// What the client calls itself.
    pub client_id: String,
    /// The token that it came with: its id, client type, name and own limit.
    pub token: TokenRecord,
    /// Where it comes from.
    pub address: SocketAddr,
    /// What it comes for.
    pub purpose: Purpose,
}

/// A handle to a live session. Clones are the same session.
#[derive(Debug, Clone)]
pub struct Session {
    client: Arc<Client>,
    outbox: Outbox,
    activity: Arc<Activity>,
}

impl Session {
    /// Who it is.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Queues a message; never waits. See [`Outbox::send`].
    pub fn send(&self, text: String) -> Result<(), Unsent> {
        self.outbox.send(text)
    }

    /// Queues a message once there is room. See [`Outbox::send_with_room`].
    pub(crate) async fn send_with_room(
        &self,
        length: usize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Unsent> {
        self.outbox.send_with_room(length, text).await
    }

    /// [`Session::send`] within the session's own task. See [`Outbox::answer`].
    pub(crate) fn answer(&self, text: String) -> Result<(), Unsent> {
        self.outbox.answer(text)
    }

    /// Ends the session, after what waits has been sent. The first wish counts.
    pub fn close(&self, close: Close) {
        self.outbox.close(close);
    }

    /// How long nothing has come from the client, pongs included.
    pub fn silence(&self) -> Duration {
        self.activity.silence()
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Pings, and says whether anything came within `patience`.
    pub(crate) async fn answers(&self, patience: Duration) -> bool {
        let ask = || self.outbox.ping();
        self.activity.answers(ask, patience).await
    }
}

/// A client with a good token that asks for a session.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) client_id: String,
    pub(crate) token: TokenRecord,
    pub(crate) address: SocketAddr,
    pub(crate) purpose: Purpose,
    pub(crate) outbox: Outbox,
    pub(crate) activity: Arc<Activity>,
}

/// The registry of live sessions. What bounds it are the slots that a session has to show.
#[derive(Debug, Default)]
pub struct Sessions {
    registry: Registry<Session>,
}

impl Sessions {
    /// How many are live.
    pub fn count(&self) -> usize {
        self.registry.count()
    }

    /// Every live session, oldest first.
    pub fn list(&self) -> Vec<Session> {
        self.registry.list()
    }

    /// The session with this number.
    pub fn get(&self, session: u64) -> Option<Session> {
        self.registry.get(session)
    }

    /// Ends every session, and lets nobody in any more.
    pub fn close_all(&self, close: &Close) {
        for session in self.registry.shut() {
            session.close(close.clone());
        }
    }

    /// Ends, from now on, the sessions whose tokens cease to be good: at each change of the set, and
    /// as their time runs out.
    pub async fn keep_checking(
        self: Arc<Self>,
        mut tokens: watch::Receiver<Arc<TokenSet>>,
        clock: SharedClock,
    ) {
        loop {
            let set = Arc::clone(&tokens.borrow_and_update());
            self.recheck(&set, timestamp(&*clock));
            // Without a change, or when nobody can change it any more, time alone goes on.
            if let Ok(Err(_)) = timeout(RECHECK, tokens.changed()).await {
                sleep(RECHECK).await;
            }
        }
    }

    /// Ends the sessions whose tokens were revoked or have expired, and those whose client type is
    /// another now: they come back as what they are.
    pub fn recheck(&self, tokens: &TokenSet, now: Timestamp) {
        for session in self.list() {
            let Client { token, address, .. } = session.client();
            let good = tokens
                .recheck(token, address.ip(), now)
                .is_ok_and(|record| record.client_type == token.client_type);
            if !good {
                session.close(Close::AUTHENTICATION_FAILED);
            }
        }
    }

    /// A session for `newcomer`. One that holds the same token and client id for the same purpose is asked for a sign of
    /// life first, and gives way when there is none within `patience`. The slot is the newcomer's,
    /// and stays with its connection.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        newcomer: Newcomer,
        _slot: &Slot,
        patience: Duration,
    ) -> Result<Place, NoPlace> {
        let session = self.registry.enter(newcomer, patience).await?;
        Ok(Place {
            session,
            sessions: Arc::clone(self),
        })
    }
}

impl Occupant for Session {
    type Newcomer = Newcomer;

    fn new(number: u64, newcomer: Newcomer) -> Self {
        Session {
            client: Arc::new(Client {
                session: number,
                client_id: newcomer.client_id,
                token: newcomer.token,
                address: newcomer.address,
                purpose: newcomer.purpose,
            }),
            outbox: newcomer.outbox,
            activity: newcomer.activity,
        }
    }

    fn number(&self) -> u64 {
        self.client.session
    }

    fn is(&self, newcomer: &Newcomer) -> bool {
        self.client.token.id == newcomer.token.id
            && self.client.client_id == newcomer.client_id
            && self.client.purpose == newcomer.purpose
    }

    async fn answers(&self, patience: Duration) -> bool {
        Session::answers(self, patience).await
    }

    fn make_way(&self) {
        self.close(Close::ALREADY_CONNECTED);
    }
}

/// A session's place in the registry, which it leaves when this goes.
#[derive(Debug)]
pub(crate) struct Place {
    session: Session,
    sessions: Arc<Sessions>,
}

impl Place {
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.session.activity.end();
        self.sessions.registry.leave(self.session.number());
    }
}

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;
