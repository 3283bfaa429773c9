//! Where an attack goes, and how those who attack connect: each simulated client from an address of its own.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::{TlsConnector, TlsStream};

use crate::wire::{Peer, TEXT, text};

/// How often [`probe`] asks.
const PROBE: Duration = Duration::from_secs(1);

/// A connection, with TLS or without.
pub(crate) type Stream = Box<dyn Io>;

/// What carries bytes both ways.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {
    /// What is under it.
    fn tcp(&self) -> &TcpStream;
}

impl Io for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Io for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Leaves without a word: the other end gets a reset.
pub(crate) fn reset(stream: Stream) {
    let _ = stream.tcp().set_zero_linger();
}

/// Its system asks each second whether the other end still knows it. When many connect at once, the system of a listener may answer with
/// SYN cookies and then have no room for who comes back with one: it forgets him without a word, and he, who sends nothing, would take
/// himself for connected for ever.
pub(crate) fn probe(stream: &TcpStream) -> io::Result<()> {
    let each_second = TcpKeepalive::new().with_time(PROBE).with_interval(PROBE);
    SockRef::from(stream).set_tcp_keepalive(&each_second)
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<TlsConnector>,
    /// A good one; who has it may look.
    pub(crate) token: String,
}

impl Target {
    /// A host, known by its certificate where it has one.
    pub(crate) fn new(address: SocketAddr, certificate: Option<&Path>, token: String) -> Target {
        Target {
            address,
            tls: certificate.map(trusting),
            token,
        }
    }

    /// TCP and nothing more, by the simulated client of this number.
    pub(crate) async fn tcp(&self, number: usize) -> io::Result<TcpStream> {
        self.tcp_from(source(number)).await
    }

    async fn tcp_from(&self, source: [u8; 4]) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        // Who does not read is found out soon.
        socket.set_recv_buffer_size(16 * 1024)?;
        socket.bind(SocketAddr::from((source, 0)))?;
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// TCP, and TLS where the target speaks it.
    pub(crate) async fn connect(&self, number: usize) -> io::Result<Stream> {
        self.connect_from(source(number)).await
    }

    pub(crate) async fn connect_from(&self, source: [u8; 4]) -> io::Result<Stream> {
        let stream = self.tcp_from(source).await?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::IpAddress(self.address.ip().into());
        Ok(Box::new(TlsStream::from(tls.connect(name, stream).await?)))
    }

    /// A WebSocket, spoken by hand; not authenticated.
    pub(crate) async fn upgraded(&self, number: usize) -> io::Result<Peer> {
        Peer::upgraded(self.connect(number).await?).await
    }

    /// An authenticated session, spoken by hand; an error where the token is not believed.
    pub(crate) async fn session(&self, number: usize) -> io::Result<Peer> {
        let mut peer = self.upgraded(number).await?;
        let claim = self.claim(&format!("attacker-{number}"));
        peer.send(&text(&claim.to_string())).await?;
        let (first, told) = peer.hear().await?;
        let answer: Value = serde_json::from_slice(&told).unwrap_or_default();
        match first == TEXT && answer["type"] == "auth_ok" {
            true => Ok(peer),
            false => Err(io::Error::other(String::from_utf8_lossy(&told))),
        }
    }

    /// A first message that is believed.
    pub(crate) fn claim(&self, client_id: &str) -> Value {
        json!({ "token": self.token, "client_id": client_id })
    }
}

/// An address of this machine for each simulated client, from 127.64.0.1 on.
pub(crate) fn source(number: usize) -> [u8; 4] {
    let part = |number: usize| u8::try_from(number % 250).unwrap();
    [
        127,
        64 + part(number / 62_500),
        part(number / 250),
        1 + part(number),
    ]
}

fn trusting(certificate: &Path) -> TlsConnector {
    let mut trusted = RootCertStore::empty();
    trusted
        .add(CertificateDer::from_pem_file(certificate).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
