//! A port: configured, bound, running are three types. The accept loop never waits for a client.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long accepting rests after an error such as having no descriptors left.
const REST: Duration = Duration::from_millis(100);

/// A port that is not open yet.
#[derive(Debug, Clone)]
pub struct Configured {
    /// The section of the configuration, such as `command`.
    pub name: &'static str,
    /// The address to bind.
    pub address: IpAddr,
    /// The port; 0 picks a free one.
    pub port: u16,
}

/// Why a port could not be bound, and what to change.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody has it.
    #[error(
        "port {port} on {address} is in use; choose another with [{name}] port or SLEWGATE_{upper}__PORT",
        upper = name.to_uppercase()
    )]
    InUse {
        /// The section.
        name: &'static str,
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// Only privileged users may have it.
    #[error(
        "port {port} on {address} is not permitted; choose one from 1024 with [{name}] port or SLEWGATE_{upper}__PORT",
        upper = name.to_uppercase()
    )]
    NotPermitted {
        /// The section.
        name: &'static str,
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// The address belongs to another machine.
    #[error("{address} is no address of this machine; choose another with WS_IP")]
    NotHere {
        /// The address.
        address: IpAddr,
    },
    /// Anything else.
    #[error("cannot open port {port} on {address}: {cause}")]
    Failed {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The system's words.
        cause: io::Error,
    },
}

impl Configured {
    /// Opens the port. Connections queue from here on; nobody answers them before [`Bound::run`].
    pub async fn bind(self) -> Result<Bound, BindError> {
        let listener = TcpListener::bind((self.address, self.port)).await;
        match listener.and_then(|listener| Ok((listener.local_addr()?, listener))) {
            Ok((address, listener)) => Ok(Bound {
                name: self.name,
                address,
                listener,
            }),
            Err(cause) => Err(self.explain(cause)),
        }
    }

    fn explain(self, cause: io::Error) -> BindError {
        let Configured {
            name,
            address,
            port,
        } = self;
        match cause.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse {
                name,
                address,
                port,
            },
            io::ErrorKind::PermissionDenied => BindError::NotPermitted {
                name,
                address,
                port,
            },
            io::ErrorKind::AddrNotAvailable => BindError::NotHere { address },
            _ => BindError::Failed {
                address,
                port,
                cause,
            },
        }
    }
}

/// An open port.
#[derive(Debug)]
pub struct Bound {
    name: &'static str,
    address: SocketAddr,
    listener: TcpListener,
}

impl Bound {
    /// The address and port that were bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts until `stopping`, and gives each connection to `welcome`, which decides at once
    /// whether there is room for it and answers with its life, or with nothing. Returns when the
    /// last of these lives has ended.
    pub async fn run<W, L>(self, welcome: W, stopping: CancellationToken)
    where
        W: FnMut(TcpStream, SocketAddr) -> Option<L>,
        L: Future<Output = ()> + Send + 'static,
    {
        accept_all(self.listener, self.name, welcome, stopping).await;
    }
}

/// Where connections come from.
trait Accept {
    type Stream;
    async fn accept(&mut self) -> io::Result<(Self::Stream, SocketAddr)>;
}

impl Accept for TcpListener {
    type Stream = TcpStream;
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        // Answers are small and awaited; a connection that is gone already is found out later.
        let _ = stream.set_nodelay(true);
        Ok((stream, unmapped(peer)))
    }
}

async fn accept_all<A, W, L>(mut door: A, name: &str, mut welcome: W, stopping: CancellationToken)
where
    A: Accept,
    W: FnMut(A::Stream, SocketAddr) -> Option<L>,
    L: Future<Output = ()> + Send + 'static,
{
    // Bounded by the slots that `welcome` gives out.
    let mut lives = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            Some(_) = lives.join_next() => continue,
            accepted = door.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(life) = welcome(stream, peer) {
                    lives.spawn(life);
                }
            }
            Err(error) if concerns_one(&error) => {}
            Err(error) => {
                tracing::warn!(port = name, %error, "cannot accept connections; trying again");
                tokio::select! {
                    () = stopping.cancelled() => break,
                    () = tokio::time::sleep(REST) => {}
                }
            }
        }
    }
    drop(door);
    while lives.join_next().await.is_some() {}
}

/// True for an error of one connection that went before it was accepted.
fn concerns_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// The address of an IPv4 peer as IPv4, also on a port that is bound to `::`.
fn unmapped(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}
