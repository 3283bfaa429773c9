//! The way to a host: where its port is, and TLS if the address says so.

use std::io;
use std::path::Path;

use anyhow::Context;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::http::Uri;

use super::Failure;
use crate::tls::connector;

/// What carries a WebSocket.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// See the module.
pub(super) struct Way {
    /// Host and port.
    address: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Way {
    /// Of a `ws://` or `wss://` URL. `certificate` is whom to trust, instead of those whom the machine does.
    pub(super) fn of(url: &str, certificate: Option<&Path>) -> Result<Way, Failure> {
        let wrong =
            |why: &str| Failure::Usage(format!("--url {url}: {why}, such as ws://127.0.0.1:4000"));
        let uri: Uri = url.parse().map_err(|_| wrong("no URL"))?;
        let host = uri.host().ok_or_else(|| wrong("no host in it"))?;
        let scheme = uri.scheme_str().map(str::to_ascii_lowercase);
        let (usual, tls) = match (scheme.as_deref(), certificate) {
            (Some("ws"), None) => (80, None),
            (Some("ws"), Some(_)) => {
                return Err(wrong(
                    "--certificate is for wss://, and this goes in clear; name one",
                ));
            }
            (Some("wss"), certificate) => {
                let bare = host.trim_start_matches('[').trim_end_matches(']');
                let name = ServerName::try_from(bare.to_owned())
                    .map_err(|_| wrong("its host is no name"))?;
                (443, Some((connector(certificate)?, name)))
            }
            _ => return Err(wrong("only ws:// and wss:// are supported")),
        };
        Ok(Way {
            address: format!("{host}:{}", uri.port_u16().unwrap_or(usual)),
            tls,
        })
    }

    pub(super) async fn connect(&self, url: &str) -> anyhow::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(&self.address)
            .await
            .with_context(|| format!("no host answers at {url}"))?;
        let Some((connector, name)) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let secured = connector.connect(name.clone(), stream).await;
        Ok(Box::new(secured.map_err(|error| explained(url, error))?))
    }
}

/// Whether it is another host, none, or one that cannot be known.
fn explained(url: &str, error: io::Error) -> anyhow::Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    let why = match cause {
        Some(rustls::Error::InvalidCertificate(cause))
            if format!("{cause:?}").contains("CaUsedAsEndEntity") =>
        {
            "its certificate is that of an authority, and none of a host: make another, as `slewgate tls generate` does"
        }
        Some(rustls::Error::InvalidCertificate(_)) => {
            "it is not the host that --certificate, or this machine, trusts"
        }
        _ => "no TLS came about; a port without it is ws://",
    };
    anyhow::Error::from(error).context(format!("{url}: {why}"))
}
