//! Takes what an attack sends, lets everybody in and answers nothing more: what the attack costs by itself, on a machine that it shares with
//! its victim.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_rustls::{TlsAcceptor, TlsStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::target::Stream;

/// Told to the first message of a WebSocket, in one frame.
const LET_IN: &[u8] = b"\x81\x12{\"type\":\"auth_ok\"}";

/// See the module.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    /// Its thread ends when this goes.
    _running: oneshot::Sender<()>,
}

impl Sink {
    /// On a free port, with this certificate and the key beside it, or without TLS.
    pub(crate) fn open(certificate: Option<&Path>) -> Sink {
        let acceptor = certificate.map(accepting);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (running, ended) = oneshot::channel();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accepts(listener, acceptor) => {}
                    _ = ended => {}
                }
            });
        });
        Sink {
            address,
            _running: running,
        }
    }
}

async fn accepts(listener: std::net::TcpListener, acceptor: Option<TlsAcceptor>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let _ = takes(stream, acceptor).await;
        });
    }
}

async fn takes(stream: TcpStream, acceptor: Option<TlsAcceptor>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream: Stream = match acceptor {
        Some(acceptor) => Box::new(TlsStream::from(acceptor.accept(stream).await?)),
        None => Box::new(stream),
    };
    let mut head = Vec::new();
    let mut bytes = vec![0; 16 * 1024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut bytes).await? {
            0 => return Ok(()),
            read if head.len() < bytes.len() => head.extend(&bytes[..read]),
            _ => {}
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;
    if stream.read(&mut bytes).await? > 0 {
        stream.write_all(LET_IN).await?;
        stream.flush().await?;
    }
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

fn accepting(certificate: &Path) -> TlsAcceptor {
    let key =
        PrivateKeyDer::from_pem_slice(&fs::read(certificate.with_file_name("key.pem")).unwrap());
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.unwrap())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
