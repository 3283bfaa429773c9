//! The WebSocket upgrade: its limits, its paths, and the pages that may ask for it.

use slewgate_security::admission::Refused;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request, Response,
};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Error};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::limits::Limits;
use super::metered::Metered;
use super::origins::Origins;
use super::outbox::LONGEST_MESSAGE;

/// The library's buffer for reading, of which every connection has one, at least; a longer frame gets the room that it needs.
const READ_BUFFER: usize = 1024;

/// Reads that the longest message takes at most: pictures come in larger pieces than requests.
const READS: usize = 512;

/// Room in the library's buffer for writing beyond the longest message: pongs and the close frame.
const CONTROL_ROOM: usize = 16 * 1024;

/// When one may try again for whom there is no room, in seconds.
pub(crate) const RETRY_AFTER: &str = "10";

/// A WebSocket with the meter under it. Boxed: it is handed on from step to step of a connection, each of which would keep room for it.
pub(crate) type WebSocket<S> = Box<WebSocketStream<Metered<S>>>;

/// Why there is no WebSocket. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpgradeError {
    /// The request was not complete in time.
    #[error("no complete upgrade in time")]
    Timeout,
    /// The request was complete and is refused.
    #[error("{0}")]
    Refused(String),
    /// There is no room for whom a proxy brings.
    #[error("{0}")]
    NoRoom(Refused),
    /// The request is not one of HTTP, or none for a WebSocket.
    #[error("no websocket upgrade: {0}")]
    Bad(Error),
}

/// Answers the request for a WebSocket at one of `paths`, by `until` at the latest. `room` is asked with the head of the request,
/// if that is one for a WebSocket, before path and origin are looked at.
pub(crate) async fn upgrade<S>(
    stream: S,
    paths: [&str; 2],
    origins: &Origins,
    limits: &Limits,
    until: Instant,
    room: impl FnOnce(&HeaderMap) -> Result<(), Refused> + Unpin,
) -> Result<WebSocket<S>, UpgradeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let stream = Metered::new(stream, limits.upgrade_bytes);
    let mut no_room = None;
    let judge = Judge {
        paths,
        origins,
        room: |headers: &HeaderMap| room(headers).inspect_err(|refused| no_room = Some(*refused)),
    };
    let upgraded = {
        let upgrade = accept_hdr_async_with_config(stream, judge, Some(limits.websocket()));
        timeout_at(until, upgrade).await
    };
    match upgraded {
        Ok(Ok(socket)) => Ok(Box::new(socket)),
        Ok(Err(Error::Http(response))) => Err(no_room.map_or_else(
            || UpgradeError::Refused(body(&response)),
            UpgradeError::NoRoom,
        )),
        Ok(Err(error)) => Err(UpgradeError::Bad(error)),
        Err(_) => Err(UpgradeError::Timeout),
    }
}

/// A WebSocket on a stream whose upgrade was answered elsewhere.
pub(crate) async fn upgraded<S>(stream: S, limits: &Limits) -> WebSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let stream = Metered::new(stream, 0);
    let config = Some(limits.websocket());
    Box::new(WebSocketStream::from_raw_socket(stream, Role::Server, config).await)
}

impl Limits {
    /// How the library speaks WebSocket within these limits.
    pub fn websocket(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER.max(self.message_bytes / READS))
            .write_buffer_size(0)
            .max_write_buffer_size(LONGEST_MESSAGE + CONTROL_ROOM)
            .max_message_size(Some(self.message_bytes))
            .max_frame_size(Some(self.message_bytes))
    }
}

/// Judges whom it is from, path and origin. The query is not looked at and never logged: somebody may put a token
/// there.
struct Judge<'a, R> {
    paths: [&'a str; 2],
    origins: &'a Origins,
    room: R,
}

impl<R> Callback for Judge<'_, R>
where
    R: FnOnce(&HeaderMap) -> Result<(), Refused> + Unpin,
{
    fn on_request(self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        if let Err(refused) = (self.room)(request.headers()) {
            let mut response = refusal(StatusCode::SERVICE_UNAVAILABLE, refused.to_string());
            let later = header::HeaderValue::from_static(RETRY_AFTER);
            response.headers_mut().insert(header::RETRY_AFTER, later);
            return Err(response);
        }
        if !self.paths.contains(&request.uri().path()) {
            let [at, or] = self.paths;
            let text = format!("nothing is here; the websocket is at {at} and at {or}");
            return Err(refusal(StatusCode::NOT_FOUND, text));
        }
        let headers = request.headers();
        match self.origins.judge(origin(headers), host(headers)) {
            Ok(()) => Ok(response),
            Err(text) => Err(refusal(StatusCode::FORBIDDEN, text)),
        }
    }
}

/// The values of X-Forwarded-For, in their order.
pub(crate) fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all("x-forwarded-for").iter();
    values.map(header::HeaderValue::as_bytes)
}

/// The Origin header; several of them, or one that is no text, are as good as `null`.
pub(crate) fn origin(headers: &HeaderMap) -> Option<&str> {
    only(headers, header::ORIGIN, "null")
}

/// The Host header; several of them, or one that is no text, are nobody's name.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    only(headers, header::HOST, "")
}

fn only<'a>(headers: &'a HeaderMap, name: HeaderName, otherwise: &'static str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().unwrap_or(otherwise);
    Some(if values.next().is_some() {
        otherwise
    } else {
        value
    })
}

fn refusal(status: StatusCode, text: String) -> ErrorResponse {
    let text = format!("{text}\n");
    let length = text.len().into();
    let mut response = ErrorResponse::new(Some(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONNECTION,
        header::HeaderValue::from_static("close"),
    );
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CONTENT_LENGTH, length);
    response
}

fn body(response: &tungstenite::http::Response<Option<Vec<u8>>>) -> String {
    let text = response.body().as_deref().unwrap_or_default();
    String::from_utf8_lossy(text).trim_end().to_owned()
}
