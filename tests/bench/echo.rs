//! What the path is held against: servers that send back what comes, on the runtime and with the settings that the host has, so
//! that what is left is what the host does.

use std::net::SocketAddr;

use anyhow::bail;
use futures_util::{SinkExt, StreamExt};
use slewgate_server::net::limits::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio_tungstenite::accept_async_with_config;

/// The argument that makes this program such a server.
pub(crate) const SERVE: &str = "serve-echo";

/// The kinds.
pub(crate) const TCP: &str = "tcp";
pub(crate) const WEBSOCKET: &str = "websocket";

/// As many threads as the host has for its sockets.
const THREADS: usize = 2;

/// Serves until it is killed. Its first line says where.
pub(crate) fn serve(kind: &str) -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        println!("{}", listener.local_addr()?);
        match kind {
            TCP => accept(listener, tcp).await,
            WEBSOCKET => accept(listener, websocket).await,
            other => bail!("no echo of kind {other}"),
        }
    })
}

async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A connection that breaks concerns its client, which fails.
        tokio::spawn(serve(stream));
    }
}

async fn tcp(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut buffer = [0; 4 * 1024];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            read => stream.write_all(&buffer[..read]).await?,
        }
    }
}

async fn websocket(stream: TcpStream) -> anyhow::Result<()> {
    let config = Limits::default().websocket();
    let mut socket = accept_async_with_config(stream, Some(config)).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
