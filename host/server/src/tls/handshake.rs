//! From a connection to one that nobody else reads.

use std::io;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// With which every connection of TLS begins: RFC 8446, 5.1, ContentType `handshake`.
const HANDSHAKE: u8 = 22;

/// Bytes that wait within TLS for a client that takes none. What it takes shows only where these are few: a slow viewer is told from one that is
/// gone by them.
const UNSENT: usize = 4 * 1024;

/// What somebody gets who speaks HTTP here.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 52\r\n\r\nthis port speaks TLS: ask with wss:// or https:// .\n";

/// Why a connection came to no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unencrypted {
    #[error("it speaks no TLS, which this port asks for")]
    Plain,
    #[error("no TLS: {0}")]
    Failed(#[from] io::Error),
}

/// Shakes hands. Whoever speaks HTTP in clear is told what to speak here.
pub(crate) async fn shake(
    stream: TcpStream,
    config: Arc<ServerConfig>,
) -> Result<TlsStream<TcpStream>, Unencrypted> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
        // A courtesy: it fits into an empty buffer, and nobody waits for it.
        let _ = stream.try_write(PLAIN);
        return Err(Unencrypted::Plain);
    }
    let bounded = |connection: &mut ServerConnection| connection.set_buffer_limit(Some(UNSENT));
    Ok(TlsAcceptor::from(config)
        .accept_with(stream, bounded)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::PLAIN;

    #[test]
    fn the_refusal_says_how_long_it_is() {
        let text = std::str::from_utf8(PLAIN).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
    }
}
