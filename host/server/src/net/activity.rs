//! When a peer was last heard: for pings, and for asking whether it is still there.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

/// Any byte of the peer counts as life. Written by the meter, read by everybody.
#[derive(Debug)]
pub(crate) struct Activity {
    began: Instant,
    /// Milliseconds from `began` to the newest byte.
    last: AtomicU64,
    heard: Notify,
}

impl Activity {
    pub(crate) fn new() -> Activity {
        Activity {
            began: Instant::now(),
            last: AtomicU64::new(0),
            heard: Notify::new(),
        }
    }

    /// Something came.
    pub(crate) fn heard(&self) {
        let since = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(since, Ordering::Relaxed);
        self.heard.notify_waiters();
    }

    /// How long nothing has come.
    pub(crate) fn silence(&self) -> Duration {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.began.elapsed().saturating_sub(last)
    }

    /// Resolves with the next bytes that come after this call.
    pub(crate) fn next(&self) -> Notified<'_> {
        self.heard.notified()
    }
}
