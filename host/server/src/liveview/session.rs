//! One session of the live view: its word, its permission, and its pictures in either direction.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use serde_json::Map;
use slewgate_engine::{Action, Client, Effect, Plugins};
use slewgate_rpc::Refusal;
use slewgate_security::log::SecurityLog;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

use super::jpeg::NotJpeg;
use super::streams::{PublishError, Publisher, Streams};
use super::viewing::{Watching, Writer};
use super::words::{self, Word};
use crate::net::close::Close;
use crate::net::ending::{End, finish};
use crate::net::limits::Limits;
use crate::net::websocket::WebSocket;
use crate::permission;
use crate::records::{reason, tell};
use crate::session::watch;
use crate::sessions::{Place, Session};

/// The names under which policies judge.
pub(crate) const PUBLISH: &str = "liveview.publish";
pub(crate) const WATCH: &str = "liveview.watch";

/// How long a client may say nothing before it is taken for a viewer of [`words::MAIN`].
const SILENCE: Duration = Duration::from_secs(2);

/// Text from a client: a few words.
const LONGEST_TEXT: usize = 64 * 1024;

/// The live view of the host: what every session of it needs.
pub struct LiveView {
    /// What can be seen.
    pub streams: Arc<Streams>,
    /// Whose policies judge.
    pub plugins: Arc<Plugins>,
    /// Hears of denials.
    pub log: SecurityLog,
}

/// One session, from its word on.
struct Conversation<'a, S> {
    liveview: &'a LiveView,
    session: &'a Session,
    client: Client,
    stream: SplitStream<WebSocket<S>>,
    /// Takes the wish to watch.
    viewing: mpsc::Sender<Watching>,
    /// How long one who holds a stream that another wants has to show that it is alive.
    probe: Duration,
}

/// A message that is more than a sign of life.
enum Said {
    Frame(Bytes),
    Text(Utf8Bytes),
}

/// Frames of one publisher that were no pictures. The first is told of; the log hears how many there were.
struct BadFrames<'a> {
    stream: &'a str,
    count: u64,
}

impl LiveView {
    /// The session of `place`, to its end.
    pub(crate) async fn serve<S>(&self, socket: WebSocket<S>, place: Place, limits: &Limits) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let session = place.session().clone();
        let outbox = session.outbox();
        let splice = socket.get_ref().splice();
        let (sink, stream) = socket.split();
        let (viewing, handed) = mpsc::channel(1);
        let mut conversation = Conversation {
            liveview: self,
            session: &session,
            client: permission::client(&session),
            stream,
            viewing,
            probe: limits.probe,
        };
        let mut writer = Writer {
            sink,
            splice,
            outbox,
            patience: limits.write,
        };
        let end = tokio::select! {
            biased;
            close = outbox.closing() => End::Ours(close),
            end = watch(&session, limits.ping) => end,
            end = writer.run(handed) => end,
            end = conversation.run() => end,
        };
        drop(place);
        outbox.shut();
        if let Ok(socket) = writer.sink.reunite(conversation.stream) {
            finish(socket, &end, outbox, limits).await;
        }
        end
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<'_, S> {
    /// Goes on until something ends it.
    async fn run(&mut self) -> End {
        let Err(end) = self.converse().await;
        end
    }

    async fn converse(&mut self) -> Result<Infallible, End> {
        match self.word().await? {
            (Word::Publish(stream), first) => self.publish(&stream, first).await,
            (Word::Watch(stream), _) => self.watch(&stream).await,
        }
    }

    /// What the session is to do, and the frame by which it said so, if it was one.
    async fn word(&mut self) -> Result<(Word, Option<Bytes>), End> {
        let main = || words::MAIN.to_owned();
        let Ok(said) = timeout(SILENCE, self.hear()).await else {
            return Ok((Word::Watch(main()), None));
        };
        let mut said = said?;
        loop {
            match said {
                Said::Frame(frame) => return Ok((Word::Publish(main()), Some(frame))),
                Said::Text(text) => match Word::parse(&text) {
                    Ok(word) => return Ok((word, None)),
                    // One who spoke is not silent: it may say it better.
                    Err(error) => self.tell(words::error(error)),
                },
            }
            said = self.hear().await?;
        }
    }

    async fn publish(&mut self, stream: &str, first: Option<Bytes>) -> Result<Infallible, End> {
        let action = action(PUBLISH, Effect::Configure, stream);
        let decided = self.ask(&action).await?;
        let publisher = self.begin(stream).await?;
        self.tell(words::publishing(stream));
        let (plugins, client) = (Arc::clone(&self.liveview.plugins), self.client.clone());
        let refused = tokio::select! {
            ended = self.take_frames(stream, &publisher, first) => return ended,
            refused = permission::denied(&plugins, &client, &action, decided) => refused,
        };
        Err(self.refuse(&action, refused))
    }

    async fn watch(&mut self, stream: &str) -> Result<Infallible, End> {
        let action = action(WATCH, Effect::Observe, stream);
        let decided = self.ask(&action).await?;
        let streams = Arc::clone(&self.liveview.streams);
        let wish = Watching::new(streams, stream.to_owned(), self.session.outbox().clone());
        // There is room: it is the only wish of this session.
        let _ = self.viewing.try_send(wish);
        let (plugins, client) = (Arc::clone(&self.liveview.plugins), self.client.clone());
        let refused = tokio::select! {
            ended = self.hear_viewer(stream) => return ended,
            refused = permission::denied(&plugins, &client, &action, decided) => refused,
        };
        Err(self.refuse(&action, refused))
    }

    async fn take_frames(
        &mut self,
        stream: &str,
        publisher: &Publisher,
        first: Option<Bytes>,
    ) -> Result<Infallible, End> {
        let mut bad = BadFrames { stream, count: 0 };
        let mut frame = first;
        loop {
            if let Some(Err(error)) = frame.take().map(|frame| publisher.frame(frame))
                && bad.is_first(error)
            {
                self.tell(words::error(format!(
                    "dropped a frame that is no JPEG: {error}"
                )));
            }
            // Frames that came together are seen one by one, where there is time.
            tokio::task::yield_now().await;
            match self.hear().await? {
                Said::Frame(next) => frame = Some(next),
                Said::Text(_) => self.tell(busy("publishes", stream)),
            }
        }
    }

    async fn hear_viewer(&mut self, stream: &str) -> Result<Infallible, End> {
        loop {
            match self.hear().await? {
                Said::Frame(_) => return Err(End::Ours(Close::BINARY)),
                Said::Text(_) => self.tell(busy("watches", stream)),
            }
        }
    }

    /// Takes the stream, also from one who holds it and shows no sign of life.
    async fn begin(&self, stream: &str) -> Result<Publisher, End> {
        let streams = &self.liveview.streams;
        let mut begun = streams.publish_from(stream, self.session);
        if let (Err(PublishError::Taken { .. }), Some(holder)) = (&begun, streams.holder(stream))
            && !holder.answers(self.probe).await
        {
            streams.take_from(stream, &holder);
            holder.close(Close::STREAM_TAKEN);
            begun = streams.publish_from(stream, self.session);
        }
        begun.map_err(|error| {
            self.tell(words::error(&error));
            End::Ours(match error {
                PublishError::Taken { .. } => Close::STREAM_TAKEN,
                PublishError::TooMany { .. } | PublishError::BadName => Close::NO_ROOM,
            })
        })
    }

    async fn ask(&self, action: &Action) -> Result<u64, End> {
        let allowed = permission::allowed(&self.liveview.plugins, &self.client, action).await;
        allowed.map_err(|refusal| self.refuse(action, refusal))
    }

    /// Says no, with the policy's reason.
    fn refuse(&self, action: &Action, refusal: Refusal) -> End {
        self.tell(words::denied(reason(&refusal).unwrap_or_default()));
        tell(
            &self.liveview.log,
            self.session,
            &action.method,
            &Err(refusal),
        );
        End::Ours(Close::DENIED)
    }

    /// Waits for a message. May be cancelled without losing one.
    async fn hear(&mut self) -> Result<Said, End> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) if text.len() > LONGEST_TEXT => {
                    return Err(End::Ours(Close::TOO_LONG));
                }
                Some(Ok(Message::Text(text))) => return Ok(Said::Text(text)),
                Some(Ok(Message::Binary(frame))) => return Ok(Said::Frame(frame)),
                Some(Ok(Message::Close(_))) | None => return Err(End::Theirs),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return Err(End::from(error)),
            }
        }
    }

    /// A session that takes no more text ends by itself.
    fn tell(&self, text: String) {
        let _ = self.session.send(text);
    }
}

/// What a policy is asked about a stream.
pub(crate) fn action(method: &str, effect: Effect, stream: &str) -> Action {
    let params = Map::from_iter([("stream".to_owned(), stream.into())]);
    permission::action(method, effect, params)
}

fn busy(does: &str, stream: &str) -> String {
    words::error(format!(
        "this connection {does} {stream}; open another for anything else"
    ))
}

impl BadFrames<'_> {
    fn is_first(&mut self, error: NotJpeg) -> bool {
        self.count += 1;
        if self.count == 1 {
            tracing::warn!(stream = self.stream, %error, "dropped a frame that is no JPEG");
        }
        self.count == 1
    }
}

impl Drop for BadFrames<'_> {
    fn drop(&mut self) {
        if self.count > 1 {
            tracing::warn!(
                stream = self.stream,
                count = self.count,
                "dropped frames that are no JPEG"
            );
        }
    }
}
