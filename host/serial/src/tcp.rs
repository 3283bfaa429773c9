//! Lines over TCP: an adapter in the network, or another program.
//!
//! A peer that closes or refuses is noticed by the system. One that vanishes without a word is noticed because it does not
//! acknowledge: neither what is written nor, where nothing is, the system's own probes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{self, Shutdown, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socket2::{SockRef, TcpKeepalive};

use crate::device::{Device, in_words};

/// How long one address of the host may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How many addresses of one name are tried.
const MAX_ADDRESSES: usize = 4;

/// How long nothing may come before the system probes the peer, and how often it does then. No system takes less.
const PROBE_AFTER: Duration = Duration::from_secs(1);

/// How many probes stay unanswered before the peer is gone, where nothing else bounds its silence.
const PROBES: u32 = 2;

pub(crate) struct TcpDevice(TcpStream);

impl TcpDevice {
    /// Finds the host, and connects to the first of its addresses that answers. The error says why none did, and what to do.
    pub(crate) fn open(host: &str, port: u16) -> Result<TcpDevice, String> {
        let addresses = (host, port).to_socket_addrs().map_err(|error| {
            let why = in_words(&error);
            format!("the address of {host} cannot be found: {why}; correct the name, or write the address")
        })?;
        let mut failure = None;
        for address in addresses.take(MAX_ADDRESSES) {
            match connect(address) {
                Ok(stream) => return Ok(TcpDevice(stream)),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.map_or_else(
            || format!("{host} has no address; correct the name, or write the address"),
            |error| refusal(&error),
        ))
    }
}

impl Device for TcpDevice {
    fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.0, token, Interest::READABLE | Interest::WRITABLE)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut self.0)
    }

    fn pace(&self) -> Option<Duration> {
        None
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    /// What a connection took is on its way, and stays in front of what follows.
    fn clear_output(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection that is closed while something is unread is reset, and what was written last may be lost with it: so the
/// end of what is written is sent first.
impl Drop for TcpDevice {
    fn drop(&mut self) {
        // A connection that broke has nothing to send.
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = net::TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
    // A port of this computer that nobody listens on may be given to the very connection that asks for it.
    if stream.local_addr()? == address {
        return Err(ErrorKind::ConnectionRefused.into());
    }
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&keepalive())?;
    limit_silence(&socket)?;
    Ok(TcpStream::from_std(stream))
}

fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new()
        .with_time(PROBE_AFTER)
        .with_interval(PROBE_AFTER)
        .with_retries(PROBES)
}

/// tcp(7), `TCP_USER_TIMEOUT`: bounds how long what was written may stay unacknowledged, and the probes too.
#[cfg(target_os = "linux")]
fn limit_silence(socket: &SockRef<'_>) -> io::Result<()> {
    /// A peer that acknowledges nothing for this long is gone.
    const PEER_SILENCE: Duration = Duration::from_secs(2);
    socket.set_tcp_user_timeout(Some(PEER_SILENCE))
}

/// Here what was written is repeated for as long as the system likes; the exchange that waits for an answer ends before.
#[cfg(not(target_os = "linux"))]
fn limit_silence(_socket: &SockRef<'_>) -> io::Result<()> {
    Ok(())
}

fn refusal(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            "the connection was refused; start what listens there, or correct the port".to_owned()
        }
        ErrorKind::TimedOut => format!(
            "no answer within {} s; switch it on, and check the address",
            CONNECT_TIMEOUT.as_secs()
        ),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            format!("{}; check the network, and the address", in_words(error))
        }
        _ => in_words(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_in_which_a_host_is_not_reached_has_its_next_step() {
        for (kind, words) in [
            (ErrorKind::TimedOut, "no answer within 3 s; switch it on"),
            (ErrorKind::HostUnreachable, "; check the network"),
            (ErrorKind::ConnectionRefused, "; start what listens there"),
        ] {
            let told = refusal(&kind.into());
            assert!(told.contains(words), "{told}");
        }
    }
}
