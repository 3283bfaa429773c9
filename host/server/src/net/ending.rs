//! The end of a WebSocket: why, and how it is told to the peer within a bounded time.

use std::fmt;
use std::io;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::budget::Exceeded;
use super::close::Close;
use super::limits::Limits;
use super::outbox::{Outbox, Outgoing};
use super::websocket::WebSocket;

/// Messages of the longest kind that are read and thrown away at the end, so that a peer in the middle of sending reads the
/// close frame before the system resets its connection.
const LINGER_MESSAGES: u64 = 4;

/// Why a WebSocket ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The host closes it.
    Ours(Close),
    /// The host closes it for what the library or the meter found.
    Fault(Close, Error),
    /// The peer closed it.
    Theirs,
    /// The connection is gone.
    Gone(Error),
    /// The peer answers no pings.
    Dead,
}

impl End {
    /// The close frame that the peer gets.
    pub(crate) fn close(&self) -> Option<&Close> {
        match self {
            End::Ours(close) | End::Fault(close, _) => Some(close),
            End::Theirs | End::Gone(_) | End::Dead => None,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Ours(close) => write!(text, "closed with {} {}", close.code, close.reason),
            End::Fault(close, error) => write!(text, "closed with {}: {error}", close.code),
            End::Theirs => text.write_str("closed by the client"),
            End::Gone(error) => write!(text, "connection lost: {error}"),
            End::Dead => text.write_str("no answer to pings"),
        }
    }
}

impl From<Error> for End {
    fn from(error: Error) -> End {
        let close = match &error {
            Error::Capacity(_) => Close::TOO_LONG,
            Error::Utf8(_) => Close::NOT_UTF8,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                return End::Gone(error);
            }
            Error::Protocol(_) => Close::PROTOCOL,
            Error::Io(cause) => match exceeded(cause) {
                Some(Exceeded::Headers | Exceeded::Bytes) => Close::TOO_LONG,
                Some(Exceeded::Frames | Exceeded::Rate) => Close::RATE_LIMIT,
                None => return End::Gone(error),
            },
            _ => return End::Gone(error),
        };
        End::Fault(close, error)
    }
}

/// The meter's word in an error of the stream.
fn exceeded(error: &io::Error) -> Option<Exceeded> {
    error.get_ref()?.downcast_ref().copied()
}

/// Ends `socket`: what waits in `outbox`, the close frame, the peer's answer, all within the time of the limits, after which
/// the connection is dropped.
pub(crate) async fn finish<S>(mut socket: WebSocket<S>, end: &End, outbox: &Outbox, limits: &Limits)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if matches!(end, End::Gone(_) | End::Dead) {
        return;
    }
    let farewell = async {
        // A socket that fails here is dropped a moment later all the same.
        let _ = part(&mut socket, end.close(), outbox).await;
        let bytes = LINGER_MESSAGES * limits.message_bytes as u64;
        let _ = linger(socket.into_inner().into_inner(), bytes).await;
    };
    let _ = timeout(limits.close, farewell).await;
}

async fn part<S>(
    socket: &mut WebSocket<S>,
    close: Option<&Close>,
    outbox: &Outbox,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match close {
        Some(close) => {
            while let Some(outgoing) = outbox.take() {
                // A ping that waits is not worth sending any more.
                if let Outgoing::Text(text) = outgoing {
                    socket.send(Message::text(text)).await?;
                }
            }
            (**socket).close(Some(frame(close))).await?;
        }
        None => socket.flush().await?,
    }
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}

fn frame(close: &Close) -> CloseFrame {
    CloseFrame {
        code: close.code.into(),
        reason: close.reason.as_ref().into(),
    }
}

async fn linger<S>(mut stream: S, bytes: u64) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(bytes), &mut tokio::io::sink()).await?;
    Ok(())
}
