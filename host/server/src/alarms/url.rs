//! `[alarms] url`: an alarm is posted to a server of HTTP.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use hyper::client::conn::http1;
use hyper::http::uri::{PathAndQuery, Scheme};
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use crate::tls::connector;

/// How long it may take, from the name of the server to its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Addresses of the server's name that are tried. More would leave each too little time.
const MOST_ADDRESSES: usize = 8;

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
    /// Whether it goes over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether the host is this machine by its very name. What other names mean is known when it is sent.
    pub(crate) fn stays_here(&self) -> bool {
        let (host, _) = self.address.rsplit_once(':').unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = bare.trim_end_matches('.').to_ascii_lowercase();
        let address = name.parse::<IpAddr>();
        address.is_ok_and(|address| address.to_canonical().is_loopback())
            || name == "localhost"
            || name.ends_with(".localhost")
    }

    /// Posts a JSON text.
    ///
    /// # Errors
    /// The server did not say in time that it took it.
    pub(super) async fn post(&self, body: String) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        let status = timeout_at(until, self.answer(body, until)).await;
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

    async fn answer(&self, body: String, until: Instant) -> anyhow::Result<StatusCode> {
        let found = lookup_host(&self.address).await;
        let addresses: Vec<_> = found
            .context("no connection")?
            .take(MOST_ADDRESSES)
            .collect();
        let stream = connect(&addresses, until).await.context("no connection")?;
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

/// Connects to the first that answers. Each has an equal share of the time that is left, so that one that drops what it is sent leaves
/// some to the next.
async fn connect(addresses: &[SocketAddr], until: Instant) -> anyhow::Result<TcpStream> {
    let mut failed = Vec::new();
    for (address, untried) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let now = Instant::now();
        let share = until.saturating_duration_since(now) / u32::try_from(untried)?;
        match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed.push(format!("{address}: {error}")),
            Err(_) => failed.push(format!("{address}: no answer in time")),
        }
    }
    ensure!(!failed.is_empty(), "its name has no address");
    bail!("{}", failed.join("; "))
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn an_address_that_drops_what_it_is_sent_leaves_time_for_the_next() {
        let full = TcpSocket::new_v4().unwrap();
        full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = full.listen(1).unwrap();
        let silent = full.local_addr().unwrap();
        // Nobody accepts: two fill the queue, and what a third sends is dropped.
        let _first = TcpStream::connect(silent).await.unwrap();
        let _second = TcpStream::connect(silent).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        let until = Instant::now() + Duration::from_secs(4);
        let stream = connect(&[silent, alive], until).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
        assert!(Instant::now() < until);
    }

    #[tokio::test]
    async fn what_failed_at_each_address_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = listener.local_addr().unwrap();
        drop(listener);
        let until = Instant::now() + PATIENCE;
        let error = connect(&[nobody, nobody], until).await.unwrap_err();
        let told = error.to_string();
        assert_eq!(told.matches(&nobody.to_string()).count(), 2, "{told}");
        assert!(connect(&[], until).await.is_err());
    }

    #[test]
    fn an_alarm_stays_on_this_machine_where_its_server_is_of_loopback() {
        for (url, stays) in [
            ("http://127.0.0.1:9000/secret", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:9000", true),
            ("http://LocalHost", true),
            ("http://alarms.localhost:80", true),
            ("http://localhost.example", false),
            ("http://10.0.0.7", false),
            ("http://[fd00::1]", false),
            ("http://alarms.example", false),
        ] {
            let parsed: AlarmUrl = url.parse().unwrap();
            assert_eq!(parsed.stays_here(), stays, "{url}");
        }
    }
}
