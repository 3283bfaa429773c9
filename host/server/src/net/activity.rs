//! When a peer was last heard: for pings, and for asking whether it is still there.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// Any byte of the peer counts as life. Written by the meter, read by everybody.
#[derive(Debug)]
pub(crate) struct Activity {
    began: Instant,
    /// Milliseconds from `began` to the newest byte.
    last: AtomicU64,
    over: AtomicBool,
    heard: Notify,
}

impl Activity {
    pub(crate) fn new() -> Activity {
        Activity {
            began: Instant::now(),
            last: AtomicU64::new(0),
            over: AtomicBool::new(false),
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

    /// Nothing will come any more.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.heard.notify_waiters();
    }

    /// Whether anything comes within `patience` after `asked`.
    pub(crate) async fn answers(&self, asked: impl FnOnce(), patience: Duration) -> bool {
        let heard = self.heard.notified();
        asked();
        let heard = timeout(patience, heard).await.is_ok();
        heard && !self.over.load(Ordering::Relaxed)
    }
}
