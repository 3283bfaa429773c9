//! What one connection may cost, in bytes, frames and time.

use std::num::NonZeroU32;
use std::time::Duration;

/// The limits of a connection; the defaults are those of the configuration.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From accept to the end of the handshake of TLS.
    pub tls: Duration,
    /// Request line and headers of the upgrade.
    pub upgrade_bytes: usize,
    /// From accept, or the end of TLS, to the end of the upgrade.
    pub upgrade: Duration,
    /// Bytes of frames, headers included, before authentication.
    pub authentication_bytes: usize,
    /// Frames before authentication.
    pub authentication_frames: u32,
    /// From the upgrade to a complete first message.
    pub authentication: Duration,
    /// From accept to a complete first message.
    pub total: Duration,
    /// A message of a client, and each of its frames.
    pub message_bytes: usize,
    /// Frames a second after authentication, and as many at once. Requests are limited elsewhere,
    /// and far lower: this bounds what never becomes a request (pings, empty fragments).
    pub frames_per_second: NonZeroU32,
    /// Bytes a second after authentication, and as many at once.
    pub bytes_per_second: NonZeroU32,
    /// What may wait to be sent to a client.
    pub pending_bytes: usize,
    /// The time to write one message.
    pub write: Duration,
    /// The time that the end of a connection may take.
    pub close: Duration,
    /// Between two pings; a peer that answers none of two is dead.
    pub ping: Duration,
    /// The time that the holder of a client id has to answer when another wants it.
    pub probe: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            tls: Duration::from_secs(5),
            upgrade_bytes: 8 * 1024,
            upgrade: Duration::from_secs(5),
            authentication_bytes: 4 * 1024,
            authentication_frames: 8,
            authentication: Duration::from_secs(10),
            total: Duration::from_secs(20),
            message_bytes: 64 * 1024,
            frames_per_second: const { NonZeroU32::new(2_000).unwrap() },
            bytes_per_second: const { NonZeroU32::new(2 * 1024 * 1024).unwrap() },
            pending_bytes: 64 * 1024,
            write: Duration::from_secs(5),
            close: Duration::from_secs(2),
            ping: Duration::from_secs(20),
            probe: Duration::from_secs(2),
        }
    }
}
