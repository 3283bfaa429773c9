//! The streams that there are, each with its newest frame. Whoever publishes puts a frame in the place of the one before;
//! whoever looks takes the newest when it is ready for one. Nobody waits for anybody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio_tungstenite::tungstenite::Bytes;

use super::frame::Frame;
use super::jpeg::{self, NotJpeg};
use crate::sessions::Session;

/// Characters of a stream's name.
const LONGEST_NAME: usize = 32;

/// Why nobody may publish under a name now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Another publishes it.
    #[error("the stream is published by {by}; take another name, or end that one first")]
    Taken {
        /// Who, as people know it.
        by: String,
    },
    /// There are as many streams as there may be.
    #[error("there are {limit} streams already, which is [liveview] streams")]
    TooMany {
        /// The setting.
        limit: usize,
    },
    /// It is no name of a stream.
    #[error("a stream's name is 1 to 32 of a-z, 0-9 and -")]
    BadName,
}

/// Nobody publishes this stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The streams that there are.
    pub known: Vec<String>,
}

/// The registry of streams. A handle in an [`Arc`].
#[derive(Debug)]
pub struct Streams {
    limit: usize,
    live: Mutex<BTreeMap<String, Arc<Stream>>>,
    /// Counts the beginnings of streams, for those who wait for one.
    begun: watch::Sender<u64>,
}

#[derive(Debug)]
struct Stream {
    by: String,
    /// The client that publishes it; none: the host itself.
    holder: Option<Session>,
    /// Its receivers are the viewers.
    newest: watch::Sender<Option<Arc<Frame>>>,
    /// A viewer has come.
    watched: Notify,
}

/// The right to publish one stream, which ends when this goes.
#[derive(Debug)]
pub struct Publisher {
    name: String,
    stream: Arc<Stream>,
    streams: Arc<Streams>,
}

/// One who looks at a stream, for as long as this is.
#[derive(Debug)]
pub struct Viewer {
    newest: watch::Receiver<Option<Arc<Frame>>>,
    /// The number of the frame that was taken last.
    taken: Option<u64>,
    dropped: u64,
}

/// Whether `name` can be a stream's.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl Streams {
    /// A registry of at most `limit` streams at a time.
    pub fn new(limit: usize) -> Arc<Streams> {
        Arc::new(Streams {
            limit,
            live: Mutex::default(),
            begun: watch::Sender::new(0),
        })
    }

    /// Begins a stream. `by` is who publishes it, as people know it.
    ///
    /// # Errors
    /// The name is none or is taken, or there are too many streams.
    pub fn publish(self: &Arc<Self>, name: &str, by: &str) -> Result<Publisher, PublishError> {
        self.begin(name, by.to_owned(), None)
    }

    /// Begins a stream of a client.
    pub(crate) fn publish_from(
        self: &Arc<Self>,
        name: &str,
        session: &Session,
    ) -> Result<Publisher, PublishError> {
        let client = session.client();
        let by = format!("{} ({})", client.token.name, client.client_id);
        self.begin(name, by, Some(session.clone()))
    }

    fn begin(
        self: &Arc<Self>,
        name: &str,
        by: String,
        holder: Option<Session>,
    ) -> Result<Publisher, PublishError> {
        if !is_name(name) {
            return Err(PublishError::BadName);
        }
        let mut live = self.live();
        if let Some(holder) = live.get(name) {
            let by = holder.by.clone();
            return Err(PublishError::Taken { by });
        }
        if live.len() >= self.limit {
            return Err(PublishError::TooMany { limit: self.limit });
        }
        let stream = Arc::new(Stream {
            by,
            holder,
            newest: watch::Sender::new(None),
            watched: Notify::new(),
        });
        live.insert(name.to_owned(), Arc::clone(&stream));
        drop(live);
        self.begun.send_modify(|count| *count += 1);
        Ok(Publisher {
            name: name.to_owned(),
            stream,
            streams: Arc::clone(self),
        })
    }

    /// Begins to look at a stream.
    ///
    /// # Errors
    /// Nobody publishes it; there are others.
    pub fn watch(self: &Arc<Self>, name: &str) -> Result<Viewer, Unknown> {
        let live = self.live();
        let Some(stream) = live.get(name) else {
            let known = live.keys().cloned().collect();
            return Err(Unknown { known });
        };
        let mut newest = stream.newest.subscribe();
        // The newest frame so far is news to who has just come.
        newest.mark_changed();
        stream.watched.notify_waiters();
        Ok(Viewer {
            newest,
            taken: None,
            dropped: 0,
        })
    }

    /// The streams that there are, in the order of their names.
    pub fn names(&self) -> Vec<String> {
        self.live().keys().cloned().collect()
    }

    /// The client that publishes a stream.
    pub(crate) fn holder(&self, name: &str) -> Option<Session> {
        self.live().get(name)?.holder.clone()
    }

    /// Ends a stream, if this client still has it. Its viewers stay with it until its publisher goes.
    pub(crate) fn take_from(&self, name: &str, holder: &Session) {
        let mut live = self.live();
        let held = live.get(name).and_then(|stream| stream.holder.as_ref());
        if held.is_some_and(|held| held.client().session == holder.client().session) {
            live.remove(name);
        }
    }

    /// Changes whenever a stream begins.
    pub(crate) fn begun(&self) -> watch::Receiver<u64> {
        self.begun.subscribe()
    }

    fn live(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Stream>>> {
        // Each change is one insertion or removal, so a poisoned map is still a whole one.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Publisher {
    /// Puts a frame in the place of the one before.
    ///
    /// # Errors
    /// It is no JPEG: nobody gets it, and the frame before stays.
    pub fn frame(&self, jpeg: Bytes) -> Result<(), NotJpeg> {
        jpeg::check(&jpeg)?;
        let frame = Frame::new(&jpeg);
        self.stream.newest.send_modify(|newest| {
            *newest = Some(Arc::new(match newest {
                Some(before) => frame.after(before),
                None => frame,
            }));
        });
        Ok(())
    }

    /// Waits until there is at least one viewer.
    pub async fn watched(&self) {
        loop {
            let come = self.stream.watched.notified();
            if self.stream.newest.receiver_count() > 0 {
                return;
            }
            come.await;
        }
    }

    /// Waits until there is no viewer.
    pub async fn unwatched(&self) {
        self.stream.newest.closed().await;
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let mut live = self.streams.live();
        let own = |held: &Arc<Stream>| Arc::ptr_eq(held, &self.stream);
        if live.get(&self.name).is_some_and(own) {
            live.remove(&self.name);
        }
    }
}

impl Viewer {
    /// Waits for a frame that is newer than the last one. `None`: the stream has ended. May be cancelled without losing one.
    pub async fn next(&mut self) -> Option<Arc<Frame>> {
        loop {
            self.newest.changed().await.ok()?;
            let newest = self.newest.borrow_and_update().clone();
            if let Some(frame) = newest {
                let taken = self.taken.replace(frame.number());
                self.dropped += taken.map_or(0, |taken| frame.number() - taken - 1);
                return Some(frame);
            }
        }
    }

    /// Frames that were published and passed over since this was last asked.
    pub fn dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests;
