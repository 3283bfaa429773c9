//! Close codes and their reasons: the table of the protocol.

use std::borrow::Cow;

/// How the host ends a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The code of the close frame.
    pub code: u16,
    /// The reason of the close frame: at most 123 bytes.
    pub reason: Cow<'static, str>,
}

impl Close {
    /// The host is shutting down.
    pub const SHUTDOWN: Close = Close::new(1001, "the host is shutting down");
    /// Not WebSocket as RFC 6455 has it.
    pub const PROTOCOL: Close = Close::new(1002, "protocol error");
    /// A binary message on the command port.
    pub const BINARY: Close = Close::new(1003, "binary messages are not taken here");
    /// Text that is not UTF-8.
    pub const NOT_UTF8: Close = Close::new(1007, "text is not UTF-8");
    /// The policy says no.
    pub const DENIED: Close = Close::new(1008, "permission denied");
    /// A message over its limit.
    pub const TOO_LONG: Close = Close::new(1009, "message over its limit");
    /// No room for what is asked now.
    pub const NO_ROOM: Close = Close::new(1013, "no room now; try again later");
    /// A reader too slow for what is sent to it.
    pub const TOO_SLOW: Close = Close::new(1013, "reader too slow");
    /// A first message without a token.
    pub const AUTHENTICATION_ERROR: Close = Close::new(4000, "Authentication error");
    /// A token that is unknown, revoked, expired or not yet valid: one text for all.
    pub const AUTHENTICATION_FAILED: Close = Close::new(4001, "Authentication failed");
    /// No usable client id.
    pub const CLIENT_ID_REQUIRED: Close = Close::new(4002, "Client ID required");
    /// No complete first message in time.
    pub const AUTHENTICATION_TIMEOUT: Close = Close::new(4003, "Authentication timeout");
    /// A first message that is no JSON object in a text message.
    pub const INVALID_JSON: Close = Close::new(4004, "Invalid JSON");
    /// An administrator's wish: `host.disconnect`.
    pub const DISCONNECTED: Close = Close::new(4005, "Disconnected by administrator");
    /// Too many connections, frames or refused requests.
    pub const RATE_LIMIT: Close = Close::new(4008, "Rate limit exceeded");
    /// The same token and client id are already here, or have come anew.
    pub const ALREADY_CONNECTED: Close = Close::new(4009, "Client ID already connected");

    /// Another publishes the stream, or has taken it from one who was silent.
    pub const STREAM_TAKEN: Close = Close::new(4010, "Stream already published");

    const fn new(code: u16, reason: &'static str) -> Close {
        Close {
            code,
            reason: Cow::Borrowed(reason),
        }
    }
}
