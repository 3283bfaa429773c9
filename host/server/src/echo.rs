//! An echo in place of the session, for those who try with programs of others what is spoken here: port, TLS, meter and WebSocket are those of a
//! client that has shown its token, and what it says comes back.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::net::budget::Rate;
use crate::net::ending::{End, finish};
use crate::net::limits::Limits;
use crate::net::origins::Origins;
use crate::net::outbox::Outbox;
use crate::net::transport::Transport;
use crate::net::websocket::{WebSocket, upgrade};
use crate::tls::Tls;

/// See the module.
#[derive(Clone, Debug)]
pub struct Echo {
    /// What a connection may cost.
    pub limits: Limits,
    /// Without it, what is sent can be read on its way.
    pub tls: Option<Tls>,
}

impl Echo {
    /// The life of a connection. For [`crate::net::listener::Bound::run`].
    pub async fn serve(self, stream: TcpStream) {
        let limits = &self.limits;
        let Some(stream) = self.transport(stream).await else {
            return;
        };
        let until = Instant::now() + limits.upgrade;
        let origins = Origins::default();
        let upgrade = upgrade(stream, ["/", "/"], &origins, limits, until, |_| Ok(()));
        let Ok(mut socket) = upgrade.await else {
            return;
        };
        socket.get_mut().admit(Rate::known(limits));
        let end = echo(&mut socket).await;
        finish(socket, &end, &Outbox::new(limits.pending_bytes), limits).await;
    }

    async fn transport(&self, stream: TcpStream) -> Option<Transport> {
        let Some(tls) = &self.tls else {
            return Some(Transport::Plain(stream));
        };
        let until = Instant::now() + self.limits.tls;
        let stream = timeout_at(until, tls.accept(stream)).await.ok()?.ok()?;
        Some(Transport::Tls(Box::new(stream)))
    }
}

async fn echo<S>(socket: &mut WebSocket<S>) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let said = match socket.next().await {
            Some(Ok(said @ (Message::Text(_) | Message::Binary(_)))) => said,
            Some(Ok(Message::Close(_))) | None => return End::Theirs,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Err(error)) => return End::from(error),
        };
        if let Err(error) = socket.send(said).await {
            return End::from(error);
        }
    }
}
