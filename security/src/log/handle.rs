//! The log as its callers see it: they hand an event over and go on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use super::event::{EventKind, SecurityEvent};
use super::text;
use super::writer::Writer;
use crate::tokens::TokenSet;

/// Events that may wait for the disk; more are counted and lost.
const QUEUE: usize = 4096;
const FLUSH_LOOK: Duration = Duration::from_millis(5);

/// Where the log is and what time it has.
#[derive(Clone)]
pub struct LogSettings {
    /// The file; its directories are made if need be.
    pub path: PathBuf,
    /// The wall clock.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How much of it is kept.
    pub kept: Kept,
}

/// How much of the log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// A file that would become longer, in bytes, is put aside as full.
    pub file_bytes: u64,
    /// So many full files are kept beside it, the newest.
    pub full_files: usize,
}

impl Default for Kept {
    /// 16 files of 16 MiB: about a million lines.
    fn default() -> Self {
        Self {
            file_bytes: 16 << 20,
            full_files: 15,
        }
    }
}

/// Writes events down; a handle, clones write to the same log. Its thread ends with the last one.
#[derive(Clone)]
pub struct SecurityLog {
    queue: SyncSender<Message>,
    shared: Arc<Shared>,
}

/// What callers and the writer both touch.
pub(super) struct Shared {
    /// Events that are not in the file and not in the queue either.
    pub(super) lost: AtomicU64,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    tokens: OnceLock<watch::Receiver<Arc<TokenSet>>>,
    alarms: OnceLock<SyncSender<SecurityEvent>>,
}

pub(super) enum Message {
    Event(Box<SecurityEvent>),
    Flush(SyncSender<()>),
}

impl LogSettings {
    /// `security/logs/security.log` below the data directory, by the system's clock.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the host puts its own clock here"
    )]
    pub fn below(data: &Path) -> Self {
        Self {
            path: data.join("security/logs/security.log"),
            now: Arc::new(Timestamp::now),
            kept: Kept::default(),
        }
    }
}

impl SecurityLog {
    /// Opens the log. A file that cannot be written is no error: it is tried again and again, and
    /// what is missing is counted in the first line that can be written.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(settings: LogSettings) -> io::Result<Self> {
        let (queue, messages) = sync_channel(QUEUE);
        let shared = Arc::new(Shared::new(settings.now));
        let writer = Writer::new(settings.path, settings.kept, shared.clone());
        let body = move || writer.run(&messages);
        thread::Builder::new()
            .name("security-log".into())
            .spawn(body)?;
        Ok(Self { queue, shared })
    }

    /// Hides these tokens wherever they turn up in an event, also those without our form. The
    /// first call counts.
    pub fn hide_tokens(&self, tokens: watch::Receiver<Arc<TokenSet>>) {
        let _ = self.shared.tokens.set(tokens);
    }

    /// Has somebody told of alarms from now on, those of the log itself too, as they are in the log. The first call counts; where the queue is
    /// full they are in the log alone.
    pub fn tell_alarms(&self, alarms: SyncSender<SecurityEvent>) {
        let _ = self.shared.alarms.set(alarms);
    }

    /// Puts an event on record. Never waits: when the queue is full, the event is counted as lost.
    pub fn record(&self, mut event: SecurityEvent) {
        event.time = self.shared.now();
        self.make_harmless(&mut event);
        self.shared.alarm(&event);
        if self
            .queue
            .try_send(Message::Event(Box::new(event)))
            .is_err()
        {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until what was recorded before is on the disk, or has been given up; false when that
    /// takes longer than `patience`. For shutting down, and for tests.
    #[must_use]
    pub fn flush(&self, patience: Duration) -> bool {
        let give_up = Instant::now() + patience;
        let (done, told) = sync_channel(1);
        let mut message = Message::Flush(done);
        loop {
            message = match self.queue.try_send(message) {
                Ok(()) => break,
                Err(TrySendError::Full(message)) if Instant::now() < give_up => message,
                Err(_) => return false,
            };
            thread::sleep(FLUSH_LOOK);
        }
        told.recv_timeout(give_up.saturating_duration_since(Instant::now()))
            .is_ok()
    }

    /// A text that a client may have written, as the log would have it, for other logs: without tokens.
    #[must_use]
    pub fn harmless(&self, text: &str) -> String {
        text::long(text, self.tokens().as_deref())
    }

    fn tokens(&self) -> Option<Arc<TokenSet>> {
        let tokens = self.shared.tokens.get()?;
        Some(tokens.borrow().clone())
    }

    fn make_harmless(&self, event: &mut SecurityEvent) {
        let tokens = self.tokens();
        let tokens = tokens.as_deref();
        let client_texts = [
            &mut event.client_id,
            &mut event.token_id,
            &mut event.client_type,
            &mut event.subject,
        ];
        for field in client_texts.into_iter().flatten() {
            *field = text::short(field, tokens);
        }
        if let Some(reason) = &mut event.reason {
            *reason = text::long(reason, tokens);
        }
    }
}

impl Shared {
    pub(super) fn new(now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self {
            lost: AtomicU64::new(0),
            now,
            tokens: OnceLock::new(),
            alarms: OnceLock::new(),
        }
    }

    /// Tells of an event, if it is an alarm.
    pub(super) fn alarm(&self, event: &SecurityEvent) {
        if event.kind == EventKind::Alarm
            && let Some(alarms) = self.alarms.get()
        {
            // Who is not told now reads it in the log.
            let _ = alarms.try_send(event.clone());
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.now)()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the time does not matter")]
    fn a_caller_goes_on_when_the_queue_is_full_and_the_loss_is_counted() {
        // Nobody takes anything out of this queue.
        let (queue, _messages) = sync_channel(1);
        let shared = Arc::new(Shared::new(Arc::new(Timestamp::now)));
        let log = SecurityLog { queue, shared };
        (0..3).for_each(|_| log.record(SecurityEvent::new(EventKind::Connection)));
        assert_eq!(log.shared.lost.load(Ordering::Relaxed), 2);
        assert!(!log.flush(Duration::from_millis(20)));
    }
}
