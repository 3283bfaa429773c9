//! One authenticated session, from its first request to its end.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::poll_immediate;
use futures_util::stream::{self, BoxStream, SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::net::close::Close;
use crate::net::ending::{End, finish};
use crate::net::limits::Limits;
use crate::net::outbox::{Outbox, Outgoing};
use crate::net::websocket::WebSocket;
use crate::sessions::{Place, Session};

/// Pings without any answer that end a session.
const MISSED_PINGS: u32 = 2;

/// Takes the requests of every session.
pub trait Pipeline: Send + Sync + 'static {
    /// A session has begun, and its `auth_ok` is on the way: what takes its messages.
    fn open(&self, session: &Session) -> Box<dyn Receiver>;
}

/// Takes the messages of one session. The session's reader calls it and waits for it, so it must
/// neither block nor compute for long: what takes time is queued, for [`Receiver::serve`].
pub trait Receiver: Send + Sync {
    /// A text message, in the order of arrival.
    fn receive(&self, text: &str);

    /// Carries out what was queued, one message an item. The session's task polls it whenever there is nothing to read or to
    /// write, so that a request which has to wait for nothing is answered without another task, and nobody has to be woken.
    fn serve(&self) -> BoxStream<'_, ()> {
        stream::pending().boxed()
    }

    /// The session has ended, whatever the cause: called exactly once, as soon as it is known and
    /// before the closing handshake, because motions hang on it.
    fn ended(&self);
}

/// A session between its beginning and its end. The receiver hears of the end when this goes,
/// which it also does when the connection's task is dropped.
pub(crate) struct Life {
    receiver: Box<dyn Receiver>,
    place: Place,
}

impl Life {
    /// Begins the session of `place`.
    pub(crate) fn begin(place: Place, pipeline: &dyn Pipeline) -> Life {
        Life {
            receiver: pipeline.open(place.session()),
            place,
        }
    }

    /// Takes requests and sends what waits until something ends the session; says what it was.
    pub(crate) async fn live<S>(self, socket: WebSocket<S>, limits: &Limits) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let session = self.place.session().clone();
        let outbox = session.outbox();
        let (mut sink, mut stream) = socket.split();
        let end = {
            let mut closing = pin!(outbox.closing());
            let mut watching = pin!(watch(&session, limits.ping));
            let mut serving = self.receiver.serve();
            let mut writing = pin!(write(&mut sink, outbox, limits.write));
            let mut reading = pin!(read(&mut stream, &*self.receiver));
            loop {
                // In this order: all that came is read before any of it is carried out, because a stop may be there; and what was
                // said to it, which wakes nobody, is written before this rests.
                tokio::select! {
                    biased;
                    close = &mut closing => break End::Ours(close),
                    end = &mut watching => break end,
                    end = &mut reading => break end,
                    end = &mut writing => break end,
                    Some(()) = serving.next() => {}
                }
            }
        };
        drop(self);
        tracing::debug!(session = session.client().session, %end, "the session has ended");
        outbox.shut();
        if let Ok(socket) = sink.reunite(stream) {
            Box::pin(finish(socket, &end, outbox, limits)).await;
        }
        end
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.receiver.ended();
    }
}

/// Pings, and waits for the peer to be silent for too long. Whatever it sends counts as life.
pub(crate) async fn watch(session: &Session, every: Duration) -> End {
    // The pings are sent at the ends of the intervals, and the last has one to be answered.
    let dead = every * (MISSED_PINGS + 1);
    loop {
        sleep(every).await;
        if session.silence() >= dead {
            return End::Dead;
        }
        session.outbox().ping();
    }
}

/// Ends with the peer, or where it says what nobody understands. Many frames at once leave room for others: `net/metered.rs`.
async fn read<S>(stream: &mut SplitStream<WebSocket<S>>, receiver: &dyn Receiver) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => receiver.receive(&text),
            Some(Ok(Message::Binary(_))) => return End::Ours(Close::BINARY),
            Some(Ok(Message::Close(_))) | None => return End::Theirs,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(error)) => return End::from(error),
        }
    }
}

async fn write<S>(
    sink: &mut SplitSink<WebSocket<S>, Message>,
    outbox: &Outbox,
    patience: Duration,
) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let outgoing = outbox.next().await;
        let cost = outgoing.cost();
        let message = match outgoing {
            Outgoing::Text(text) => Message::text(text),
            Outgoing::Ping => Message::Ping(Bytes::new()),
        };
        let mut put = pin!(put(sink, message));
        // Nearly always there is room, and no timer is needed, nor room for one.
        let put = match poll_immediate(put.as_mut()).await {
            Some(put) => Ok(put),
            None => Box::pin(timeout(patience, put)).await,
        };
        match put {
            Ok(Ok(())) => outbox.written(cost),
            Ok(Err(error)) => return End::from(error),
            Err(_) => return End::Ours(Close::TOO_SLOW),
        }
    }
}

/// Sends one message, to the last byte.
pub(crate) async fn put<S>(
    sink: &mut SplitSink<WebSocket<S>, Message>,
    mut message: Message,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match sink.send(message).await {
            // Pongs to a peer that does not read took the room: they go first.
            Err(Error::WriteBufferFull(back)) => message = *back,
            result => return result,
        }
        sink.flush().await?;
    }
}

#[cfg(test)]
mod tests;
