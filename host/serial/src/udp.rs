//! Lines over UDP: an adapter in the network that passes each datagram on to the hardware, and its answer back.
//!
//! The network may lose a datagram, double it, or deliver it late. So each request goes from a port of its own, to which its answer
//! comes: what comes late or twice finds nobody, and is never taken for the answer to another. A peer that vanishes is silent, and
//! nothing else tells; only one that is there and listens to nothing at that port is noticed by the system.

use std::io::{self, ErrorKind};
use std::net::{self, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};

use crate::device::{Device, in_words};

pub(crate) struct UdpDevice {
    peer: SocketAddr,
    /// Where the newest request went from. None: there was none.
    socket: Option<UdpSocket>,
    /// Who is to be told when something comes.
    told: Option<(Registry, Token)>,
}

impl UdpDevice {
    /// Finds the host, and the first of its addresses to which there is a way. That it listens shows with its first answer.
    pub(crate) fn open(host: &str, port: u16) -> Result<UdpDevice, String> {
        let addresses = (host, port).to_socket_addrs().map_err(|error| {
            let why = in_words(&error);
            format!("the address of {host} cannot be found: {why}; correct the name, or write the address")
        })?;
        let mut failure = None;
        for peer in addresses {
            match connect(peer) {
                Ok(_) => {
                    return Ok(UdpDevice {
                        peer,
                        socket: None,
                        told: None,
                    });
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.map_or_else(
            || format!("{host} has no address; correct the name, or write the address"),
            |error| format!("{}; check the network, and the address", in_words(&error)),
        ))
    }

    fn close(&mut self) -> io::Result<()> {
        match (self.socket.take(), &self.told) {
            (Some(mut socket), Some((registry, _))) => registry.deregister(&mut socket),
            _ => Ok(()),
        }
    }
}

impl Device for UdpDevice {
    fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.told = Some((registry.try_clone()?, token));
        Ok(())
    }

    fn deregister(&mut self, _registry: &Registry) -> io::Result<()> {
        let closed = self.close();
        self.told = None;
        closed
    }

    fn pace(&self) -> Option<Duration> {
        None
    }

    /// A datagram without bytes is nothing, and no end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(socket) = &self.socket else {
            return Err(ErrorKind::WouldBlock.into());
        };
        loop {
            match socket.recv(buffer) {
                Ok(0) => {}
                other => return other,
            }
        }
    }

    /// All of it in one datagram.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.close()?;
        let mut socket = connect(self.peer)?;
        if let Some((registry, token)) = &self.told {
            registry.register(&mut socket, *token, Interest::READABLE)?;
        }
        let sent = socket.send(bytes);
        self.socket = Some(socket);
        sent
    }

    /// What was sent is on its way.
    fn clear_output(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A port of its own that hears nobody but the peer.
fn connect(peer: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = net::UdpSocket::bind(any)?;
    socket.connect(peer)?;
    socket.set_nonblocking(true)?;
    Ok(UdpSocket::from_std(socket))
}
