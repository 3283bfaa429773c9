//! From HTTP to a WebSocket: the request as RFC 6455, 4.2.1 wants it, and the answer to it.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::answers::Refused;

/// The version of RFC 6455.
const VERSION: &str = "13";

/// Characters of a key: 16 bytes in base64.
const KEY: usize = 24;

/// The answer that makes a WebSocket of the connection.
///
/// # Errors
/// Where the request asks for none, or not as it should.
pub(super) fn accept(request: &Parts) -> Result<Response, Refused> {
    let headers = &request.headers;
    let asked = request.method == Method::GET
        && request.version == Version::HTTP_11
        && has_word(headers, header::CONNECTION, "upgrade")
        && has_word(headers, header::UPGRADE, "websocket");
    if !asked {
        let sentence = "here is a websocket; ask for it with GET, HTTP/1.1, Connection: Upgrade and Upgrade: websocket";
        let refused = Refused::new(StatusCode::UPGRADE_REQUIRED, sentence);
        return Err(refused.with(header::UPGRADE, "websocket"));
    }
    if only(headers, header::SEC_WEBSOCKET_VERSION) != Some(VERSION) {
        let sentence = "Sec-WebSocket-Version must be 13";
        let refused = Refused::new(StatusCode::UPGRADE_REQUIRED, sentence);
        return Err(refused.with(header::SEC_WEBSOCKET_VERSION, VERSION));
    }
    let key = only(headers, header::SEC_WEBSOCKET_KEY)
        .filter(|key| is_key(key))
        .ok_or_else(|| {
            let sentence = "Sec-WebSocket-Key must be 16 bytes in base64";
            Refused::new(StatusCode::BAD_REQUEST, sentence)
        })?;
    let accepted = [
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (
            header::SEC_WEBSOCKET_ACCEPT,
            // Base64 is fit for a header.
            HeaderValue::try_from(derive_accept_key(key.as_bytes()))
                .unwrap_or(HeaderValue::from_static("")),
        ),
    ];
    let headers = HeaderMap::from_iter(accepted);
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response())
}

/// Whether a header that is a list has a word.
fn has_word(headers: &HeaderMap, name: header::HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|found| found.trim().eq_ignore_ascii_case(word))
}

fn only(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).into_iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn is_key(text: &str) -> bool {
    use base64::Engine;
    text.len() == KEY
        && base64::prelude::BASE64_STANDARD
            .decode(text)
            .is_ok_and(|key| key.len() == 16)
}
