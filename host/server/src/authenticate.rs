//! Who is there: the first message of a connection, and what is answered to it.

use std::net::IpAddr;

use futures_util::StreamExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use slewgate_security::tokens::{TokenProblem, TokenRecord, TokenSet};
use slewgate_sky::Clock;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::net::close::Close;
use crate::net::ending::End;
use crate::net::websocket::WebSocket;
use crate::sessions::Client;

/// What every rejected client is told before the close frame; the frame's reason says which it is.
pub(crate) const AUTH_FAILED: &str = r#"{"type": "auth_failed", "error": "Authentication failed"}"#;

/// Characters that a client id may have.
const LONGEST_ID: usize = 64;

/// What a client says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Claim {
    token: Secret,
    pub(crate) client_id: String,
}

/// A token as sent: it shows itself to nobody.
#[derive(PartialEq, Eq)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, text: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        text.write_str("Secret")
    }
}

impl Claim {
    /// `None`: the client id is none.
    pub(crate) fn new(token: String, client_id: String) -> Option<Claim> {
        is_client_id(&client_id).then_some(Claim {
            token: Secret(token),
            client_id,
        })
    }

    /// What the client calls itself.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// The cause, for the log.
    pub fn check(
        &self,
        tokens: &TokenSet,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<TokenRecord, TokenProblem> {
        tokens.check(&self.token.0, address, now).cloned()
    }
}

/// Waits for the first message, until `until`. Pings are answered and not taken for it.
pub(crate) async fn first_message<S>(
    socket: &mut WebSocket<S>,
    until: Instant,
) -> Result<String, End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let message = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Binary(_))) => return Err(End::Ours(Close::INVALID_JSON)),
                Some(Ok(Message::Close(_))) | None => return Err(End::Theirs),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(End::from(error)),
            }
        }
    };
    timeout_at(until, message)
        .await
        .unwrap_or(Err(End::Ours(Close::AUTHENTICATION_TIMEOUT)))
}

/// Reads the first message.
///
/// # Errors
/// How the connection is closed on it.
pub fn claim(text: &str) -> Result<Claim, Close> {
    let Ok(Value::Object(mut fields)) = slewgate_rpc::tree(text) else {
        return Err(Close::INVALID_JSON);
    };
    let Some(Value::String(token)) = fields.remove("token") else {
        return Err(Close::AUTHENTICATION_ERROR);
    };
    let claim = match fields.remove("client_id") {
        Some(Value::String(client_id)) => Claim::new(token, client_id),
        _ => None,
    };
    claim.ok_or(Close::CLIENT_ID_REQUIRED)
}

/// The answer to a client that is in.
pub(crate) fn auth_ok(client: &Client) -> String {
    let answer = AuthOk {
        kind: "auth_ok",
        client_id: &client.client_id,
        client_type: &client.token.client_type,
        name: &client.token.name,
        session: client.session.to_string(),
        server: Server {
            name: "slewgate",
            version: env!("CARGO_PKG_VERSION"),
        },
    };
    // Text and nothing else in it, so it cannot fail.
    serde_json::to_string(&answer).unwrap_or_default()
}

/// `auth_ok`, its fields in the protocol's order.
#[derive(Serialize)]
struct AuthOk<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    client_id: &'a str,
    client_type: &'a str,
    name: &'a str,
    session: String,
    server: Server,
}

#[derive(Serialize)]
struct Server {
    name: &'static str,
    version: &'static str,
}

/// The clock's time as tokens have it. A clock beyond the calendar's end lets nobody in whose
/// token has an end.
pub(crate) fn timestamp(clock: &dyn Clock) -> Timestamp {
    // The cast saturates.
    Timestamp::from_millisecond(clock.now() as i64).unwrap_or(Timestamp::MAX)
}

/// 1 to 64 of `[A-Za-z0-9._-]`.
fn is_client_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
