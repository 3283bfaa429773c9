//! What a service manager hears: that the host serves, that it lives, and that it ends (systemd's `sd_notify(3)`). A host that nobody
//! supervises says nothing.

use std::time::Duration;

/// Pings within the time after which the host counts as hung.
const PINGS: u32 = 3;

/// Word for the service manager.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    Ready,
    Alive,
    Ending,
}

/// Says that the host lives, as long as this is polled: a host whose sockets are not served any more falls silent, and is started anew.
pub(crate) async fn stay_alive() {
    let Some(within) = within() else {
        return std::future::pending().await;
    };
    let mut pings = tokio::time::interval(within / PINGS);
    loop {
        pings.tick().await;
        tell(Word::Alive);
    }
}

#[cfg(target_os = "linux")]
fn within() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

#[cfg(target_os = "linux")]
pub(crate) fn tell(word: Word) {
    use sd_notify::NotifyState::{Ready, Stopping, Watchdog};
    let state = match word {
        Word::Ready => Ready,
        Word::Alive => Watchdog,
        Word::Ending => Stopping,
    };
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, ?word, "the service manager cannot be told");
    }
}

#[cfg(not(target_os = "linux"))]
fn within() -> Option<Duration> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn tell(_: Word) {}
