//! The client that measures: the same for every server, so that its own cost is the same too.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Room to read into, in bytes. The library zeroes what is left of it before each read. Of the 128 KiB that it takes by itself that
/// is up to 9 µs, falling with each byte that came before: figures would hang on how many bytes a server has sent.
const READ_BUFFER: usize = 4 * 1024;

/// What a client sends, and what every reply to it contains.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) text: Utf8Bytes,
    pub(crate) answer: &'static str,
}

/// One connection to a server.
pub(crate) enum Connection {
    /// Bytes.
    Raw(TcpStream),
    /// Messages.
    WebSocket(Box<WebSocketStream<TcpStream>>),
}

impl Connection {
    pub(crate) async fn raw(address: SocketAddr) -> anyhow::Result<Connection> {
        Ok(Connection::Raw(stream(address).await?))
    }

    /// With the first message that the host wants, if there is one; the answer to it is read.
    pub(crate) async fn websocket(
        address: SocketAddr,
        first: Option<String>,
    ) -> anyhow::Result<Connection> {
        let url = format!("ws://{address}/");
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
        let stream = stream(address).await?;
        let (mut socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        if let Some(first) = first {
            socket.send(Message::text(first)).await?;
            let answer = socket.next().await.context("an answer")??;
            ensure!(answer.to_text()?.contains("auth_ok"), "{answer}");
        }
        Ok(Connection::WebSocket(Box::new(socket)))
    }

    /// Sends `requests` of them, at most `ahead` before the answer to the first is there, and rests after each answer: the time of
    /// each until its answer.
    pub(crate) async fn exchange(
        &mut self,
        request: &Request,
        requests: usize,
        ahead: usize,
        rest: Duration,
    ) -> anyhow::Result<Vec<Duration>> {
        let mut sent = std::collections::VecDeque::with_capacity(ahead);
        let mut trips = Vec::with_capacity(requests);
        for number in 0..requests + ahead {
            if number >= ahead {
                self.receive(request).await?;
                let sent: Instant = sent.pop_front().context("it was sent")?;
                trips.push(sent.elapsed());
                if !rest.is_zero() {
                    tokio::time::sleep(rest).await;
                }
            }
            if number < requests {
                sent.push_back(Instant::now());
                self.send(request).await?;
            }
        }
        Ok(trips)
    }

    async fn send(&mut self, request: &Request) -> anyhow::Result<()> {
        match self {
            Connection::Raw(stream) => stream.write_all(request.text.as_bytes()).await?,
            Connection::WebSocket(socket) => {
                socket.send(Message::Text(request.text.clone())).await?
            }
        }
        Ok(())
    }

    async fn receive(&mut self, request: &Request) -> anyhow::Result<()> {
        match self {
            Connection::Raw(stream) => {
                let mut buffer = vec![0; request.text.len()];
                stream.read_exact(&mut buffer).await?;
                ensure!(buffer == request.text.as_bytes());
                Ok(())
            }
            Connection::WebSocket(socket) => loop {
                match socket.next().await.context("the server closed")?? {
                    Message::Text(text) if text.contains(request.answer) => return Ok(()),
                    Message::Ping(_) => {}
                    other => bail!("{other}"),
                }
            },
        }
    }
}

async fn stream(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
