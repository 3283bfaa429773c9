//! The pictures of one viewer: the newest when it can take one. The library writes what is said; pictures go past it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::frame::Frame;
use super::streams::{Streams, Unknown, Viewer};
use super::words;
use crate::net::close::Close;
use crate::net::ending::End;
use crate::net::outbox::{Outbox, Outgoing};
use crate::net::splice::Splice;
use crate::net::websocket::WebSocket;
use crate::session::put;

/// How often a viewer is told what it missed.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// The wish of one session to see a stream, whether or not there is one.
pub(crate) struct Watching {
    streams: Arc<Streams>,
    name: String,
    outbox: Outbox,
    viewer: Option<Viewer>,
    /// That nobody publishes it was said.
    waiting: bool,
    dropped: u64,
    told: Instant,
}

impl Watching {
    pub(crate) fn new(streams: Arc<Streams>, name: String, outbox: Outbox) -> Watching {
        Watching {
            streams,
            name,
            outbox,
            viewer: None,
            waiting: false,
            dropped: 0,
            told: Instant::now(),
        }
    }

    /// Waits for the next frame, and for somebody to publish. May be cancelled without losing any.
    async fn next(&mut self) -> Arc<Frame> {
        loop {
            let viewer = match &mut self.viewer {
                Some(viewer) => viewer,
                none => none.insert(
                    begin(&self.streams, &self.name, &mut self.waiting, &self.outbox).await,
                ),
            };
            if let Some(frame) = viewer.next().await {
                self.dropped += viewer.dropped();
                return frame;
            }
            self.viewer = None;
        }
    }

    /// What it missed, from time to time.
    fn missed(&mut self) -> Option<u64> {
        if self.dropped == 0 || self.told.elapsed() < TELL_EVERY {
            return None;
        }
        self.told = Instant::now();
        Some(std::mem::take(&mut self.dropped))
    }
}

/// Waits until there is the stream. A session that takes no more text ends by itself.
async fn begin(streams: &Arc<Streams>, name: &str, waiting: &mut bool, outbox: &Outbox) -> Viewer {
    let mut begun = streams.begun();
    loop {
        match streams.watch(name) {
            Ok(viewer) => {
                *waiting = false;
                let _ = outbox.send(words::watching(name));
                return viewer;
            }
            Err(Unknown { known }) => {
                if !std::mem::replace(waiting, true) {
                    let _ = outbox.send(words::waiting(name, &known));
                }
            }
        }
        if begun.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The writing end of a session.
pub(crate) struct Writer<'a, S> {
    pub(crate) sink: SplitSink<WebSocket<S>, Message>,
    pub(crate) splice: Arc<Splice>,
    pub(crate) outbox: &'a Outbox,
    /// How long a client may take not a byte.
    pub(crate) patience: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Writer<'_, S> {
    /// Sends what waits, and from when it is `handed` a wish, the pictures.
    pub(crate) async fn run(&mut self, mut handed: mpsc::Receiver<Watching>) -> End {
        let mut watching: Option<Watching> = None;
        loop {
            let sent = tokio::select! {
                biased;
                outgoing = self.outbox.next() => self.say(outgoing).await,
                frame = next(&mut watching) => self.show(&mut watching, &frame).await,
                Some(wish) = handed.recv(), if watching.is_none() => {
                    watching = Some(wish);
                    Ok(())
                }
            };
            if let Err(end) = sent {
                return end;
            }
        }
    }

    async fn say(&mut self, outgoing: Outgoing) -> Result<(), End> {
        let cost = outgoing.cost();
        let message = match outgoing {
            Outgoing::Text(text) => Message::text(text),
            Outgoing::Ping => Message::Ping(Bytes::new()),
        };
        patiently(put(&mut self.sink, message), &self.splice, self.patience).await?;
        self.outbox.written(cost);
        Ok(())
    }

    async fn show(&mut self, watching: &mut Option<Watching>, frame: &Frame) -> Result<(), End> {
        if let Some(missed) = watching.as_mut().and_then(Watching::missed) {
            // A session that takes no more text ends by itself.
            let _ = self.outbox.send(words::dropped(missed));
        }
        // What was said of the picture comes before it.
        while let Some(outgoing) = self.outbox.take() {
            self.say(outgoing).await?;
        }
        // The reader answers pings: the rest of a pong goes before the picture, not into it.
        patiently(self.sink.flush(), &self.splice, self.patience).await?;
        self.splice.put(frame.wire().clone());
        patiently(self.sink.flush(), &self.splice, self.patience).await
    }
}

async fn next(watching: &mut Option<Watching>) -> Arc<Frame> {
    match watching {
        Some(watching) => watching.next().await,
        None => std::future::pending().await,
    }
}

/// Waits for `sending` as long as the client takes a byte now and then.
async fn patiently(
    sending: impl Future<Output = Result<(), Error>>,
    splice: &Splice,
    patience: Duration,
) -> Result<(), End> {
    let mut sending = std::pin::pin!(sending);
    let began = Instant::now();
    loop {
        let until = splice.taken().max(began) + patience;
        tokio::select! {
            biased;
            sent = &mut sending => return sent.map_err(End::from),
            () = sleep_until(until) => {
                if splice.taken().max(began) + patience <= Instant::now() {
                    return Err(End::Ours(Close::TOO_SLOW));
                }
            }
        }
    }
}
