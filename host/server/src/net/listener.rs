//! A port: configured, bound, running are three types. The accept loop never waits for a client.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
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
            Some(ended) = lives.join_next() => {
                note(ended);
                continue;
            }
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
    while let Some(ended) = lives.join_next().await {
        note(ended);
    }
}

/// A connection that failed in a way that nobody thought of is the log's to tell.
fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection ended by a fault of the host");
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::net::Ipv4Addr;
    use std::sync::Arc;
    use tokio::io::AsyncReadExt;
    use tokio::sync::{Notify, mpsc};

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn command(port: u16) -> Configured {
        Configured {
            name: "command",
            address: LOOPBACK,
            port,
        }
    }

    /// A door at which the scripted things happen, and then nothing.
    struct Script(VecDeque<io::Result<()>>);

    impl Accept for Script {
        type Stream = ();
        async fn accept(&mut self) -> io::Result<((), SocketAddr)> {
            match self.0.pop_front() {
                Some(result) => result.map(|()| ((), (LOOPBACK, 1).into())),
                None => std::future::pending().await,
            }
        }
    }

    /// As the system says it when descriptors have run out; there is no kind for it.
    fn too_many_open_files() -> io::Error {
        io::Error::other("too many open files")
    }

    #[tokio::test]
    async fn port_0_picks_a_free_one_and_tells_it() {
        let bound = command(0).bind().await.unwrap();
        assert_ne!(bound.address().port(), 0);
        assert_eq!(bound.address().ip(), LOOPBACK);
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_with_the_setting_to_change() {
        let bound = command(0).bind().await.unwrap();
        let port = bound.address().port();
        let error = command(port).bind().await.unwrap_err();
        let text = format!(
            "port {port} on 127.0.0.1 is in use; choose another with [command] port or SLEWGATE_COMMAND__PORT"
        );
        assert_eq!(error.to_string(), text);
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_named_with_the_setting_to_change() {
        let configured = Configured {
            address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            ..command(0)
        };
        let error = configured.bind().await.unwrap_err();
        let text = "192.0.2.1 is no address of this machine; choose another with WS_IP";
        assert_eq!(error.to_string(), text);
    }

    #[tokio::test(start_paused = true)]
    async fn errors_of_accepting_do_not_end_it() {
        let errors = [
            Err(io::ErrorKind::ConnectionAborted.into()),
            Err(too_many_open_files()),
            Err(too_many_open_files()),
            Ok(()),
        ];
        let (welcomed, mut welcome) = mpsc::unbounded_channel();
        let stopping = CancellationToken::new();
        let began = tokio::time::Instant::now();
        let running = tokio::spawn(accept_all(
            Script(errors.into()),
            "command",
            move |(), _| {
                welcomed.send(began.elapsed()).unwrap();
                None::<std::future::Ready<()>>
            },
            stopping.clone(),
        ));
        assert_eq!(welcome.recv().await.unwrap(), REST * 2);
        stopping.cancel();
        running.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_nothing_holds_up_no_other() {
        let (begun, mut lives) = mpsc::unbounded_channel();
        let release = Arc::new(Notify::new());
        let stopping = CancellationToken::new();
        let welcome = {
            let release = Arc::clone(&release);
            move |(), _| {
                let (begun, release) = (begun.clone(), Arc::clone(&release));
                Some(async move {
                    let released = release.notified();
                    begun.send(()).unwrap();
                    released.await;
                })
            }
        };
        let door = Script([Ok(()), Ok(()), Ok(())].into());
        let running = tokio::spawn(accept_all(door, "command", welcome, stopping.clone()));
        for _ in 0..3 {
            lives.recv().await.unwrap();
        }
        stopping.cancel();
        tokio::task::yield_now().await;
        assert!(
            !running.is_finished(),
            "it waits for the lives that it began"
        );
        release.notify_waiters();
        running.await.unwrap();
    }

    #[tokio::test]
    async fn a_stopped_listener_frees_its_port() {
        let bound = command(0).bind().await.unwrap();
        let address = bound.address();
        let stopping = CancellationToken::new();
        let (peer, mut peers) = mpsc::unbounded_channel();
        let running = tokio::spawn(bound.run(
            move |stream, from| {
                peer.send((stream, from)).unwrap();
                None::<std::future::Ready<()>>
            },
            stopping.clone(),
        ));
        let mut client = TcpStream::connect(address).await.unwrap();
        let (stream, from) = peers.recv().await.unwrap();
        assert_eq!(from, client.local_addr().unwrap());
        assert!(stream.nodelay().unwrap());
        drop(stream);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        stopping.cancel();
        running.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
