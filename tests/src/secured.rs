//! Connections with TLS, to a host that is known by its certificate.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Shakes hands with a host that has this certificate.
///
/// # Errors
/// It has another one, or there is no TLS.
pub async fn secured(address: SocketAddr, certificate: &Path) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    secured_over(stream, certificate).await
}

/// The same over a connection that is there.
///
/// # Errors
/// As [`secured`].
pub async fn secured_over(
    stream: TcpStream,
    certificate: &Path,
) -> io::Result<TlsStream<TcpStream>> {
    let mut trusted = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    trusted.add(certificate).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::IpAddress(stream.peer_addr()?.ip().into());
    connector.connect(name, stream).await
}
