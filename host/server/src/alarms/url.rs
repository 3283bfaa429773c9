//! `[alarms] url`: an alarm is posted to a server of HTTP.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use hyper::client::conn::http1;
use hyper::http::uri::{PathAndQuery, Scheme};
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::tls::connector;

/// How long it may take, from the name of the server to its answer.
const PATIENCE: Duration = Duration::from_secs(10);

const PROGRAM: &str = concat!("slewgate/", env!("CARGO_PKG_VERSION"));

/// Where alarms are posted. It shows no more of itself than the server: the rest may be all that is needed to send there.
#[derive(Clone)]
pub struct AlarmUrl {
    /// Host and port as they were written: the server's name for itself.
    authority: String,
    /// Host and port to connect to.
    address: String,
    /// Of whom the certificate has to be; none: it goes in clear.
    tls: Option<ServerName<'static>>,
    path: PathAndQuery,
}

/// Why a text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AlarmUrlError {
    /// No URL, or one of another scheme.
    #[error("it is no address of http:// or https://")]
    NoAddress,
    /// What it would say of its user is not sent.
    #[error("it has a user in it, which is not supported")]
    User,
    /// Nobody can be called so.
    #[error("its host is no name")]
    Name,
}

impl FromStr for AlarmUrl {
    type Err = AlarmUrlError;

    fn from_str(text: &str) -> Result<Self, AlarmUrlError> {
        let uri: Uri = text.parse().map_err(|_| AlarmUrlError::NoAddress)?;
        let scheme = uri.scheme().ok_or(AlarmUrlError::NoAddress)?;
        let authority = uri.authority().ok_or(AlarmUrlError::NoAddress)?;
        if authority.as_str().contains('@') {
            return Err(AlarmUrlError::User);
        }
        let host = authority.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        // In clear, too, it has to be a name or an address.
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| AlarmUrlError::Name)?;
        let (usual, tls) = match scheme {
            scheme if *scheme == Scheme::HTTP => (80, None),
            scheme if *scheme == Scheme::HTTPS => (443, Some(name)),
            _ => return Err(AlarmUrlError::NoAddress),
        };
        let path = uri.path_and_query().cloned();
        Ok(AlarmUrl {
            authority: authority.to_string(),
            address: format!("{host}:{}", authority.port_u16().unwrap_or(usual)),
            tls,
            path: path.unwrap_or(PathAndQuery::from_static("/")),
        })
    }
}

impl fmt::Display for AlarmUrl {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure() { "https" } else { "http" };
        write!(text, "{scheme}://{}", self.authority)
    }
}

impl fmt::Debug for AlarmUrl {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "AlarmUrl({self})")
    }
}

impl AlarmUrl {
    /// Whether nobody on the way reads what is sent.
    pub(crate) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Posts a JSON text.
    ///
    /// # Errors
    /// The server did not say in time that it took it.
    pub(super) async fn post(&self, body: String) -> anyhow::Result<()> {
        let status = timeout(PATIENCE, self.answer(body)).await;
        let status = status
            .map_err(|_| anyhow!("no answer within {} s", PATIENCE.as_secs()))
            .flatten()
            .with_context(|| self.to_string())?;
        if status.is_success() {
            return Ok(());
        }
        // Where it leads to, nobody has said that alarms may go.
        let hint = match status.is_redirection() {
            true => ", which is not followed: name the place itself",
            false => "",
        };
        bail!("{self}: it answered {status}{hint}")
    }

    async fn answer(&self, body: String) -> anyhow::Result<StatusCode> {
        let stream = TcpStream::connect(&self.address).await;
        let stream = stream.context("no connection")?;
        let Some(name) = &self.tls else {
            return self.send(stream, body).await;
        };
        // Read anew each time: authorities come and go while a host runs.
        let connector = tokio::task::spawn_blocking(|| connector(None)).await??;
        let secured = connector.connect(name.clone(), stream).await;
        self.send(secured.context("no TLS")?, body).await
    }

    async fn send<S>(&self, stream: S, body: String) -> anyhow::Result<StatusCode>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let request = Request::post(self.path.as_str())
            .header(header::HOST, &self.authority)
            .header(header::USER_AGENT, PROGRAM)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(body)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // What the server says beyond its status is not read, and ends the connection.
        let asking = async move {
            let answer = sender.send_request(request).await?;
            Ok(answer.status())
        };
        tokio::pin!(asking);
        tokio::select! {
            biased;
            status = &mut asking => status,
            // It may have ended with the answer.
            _ = connection => asking.await,
        }
    }
}
