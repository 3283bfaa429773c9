//! What a line leads to, as people write it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What the address of a TCP or of a UDP port begins with.
const TCP: &str = "tcp://";
const UDP: &str = "udp://";

/// Where the hardware is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The path of a serial device, or the name of a COM port. A link is followed anew at each opening.
    Serial(String),
    /// A TCP port, of an adapter or of another program: `tcp://HOST:PORT`.
    Tcp {
        /// A name, or an address of either family, without brackets.
        host: String,
        /// Never 0.
        port: u16,
    },
    /// A UDP port, of an adapter that passes each datagram on, and its answer back: `udp://HOST:PORT`.
    Udp {
        /// A name, or an address of either family, without brackets.
        host: String,
        /// Never 0.
        port: u16,
    },
}

/// Why a text is no address: a clause that says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Nothing is there.
    #[error("is empty; a path such as /dev/ttyUSB0, tcp://HOST:PORT or udp://HOST:PORT")]
    Empty,
    /// Such as `http://`.
    #[error(
        "{0}:// is no kind of line that is known; a path such as /dev/ttyUSB0, tcp://HOST:PORT or udp://HOST:PORT"
    )]
    Scheme(String),
    /// No host, no port, or more than both.
    #[error("{text:?} is not {scheme}HOST:PORT, such as {scheme}10.0.0.7:9999")]
    Form {
        /// What was written.
        text: String,
        /// With which it begins: `tcp://` or `udp://`.
        scheme: &'static str,
    },
    /// Several colons that nothing tells apart.
    #[error("{text:?}: an IPv6 address stands in brackets, such as {scheme}[fd00::7]:9999")]
    Brackets {
        /// What was written.
        text: String,
        /// With which it begins.
        scheme: &'static str,
    },
    /// Not 1 to 65535.
    #[error("{0:?} is no port: a number from 1 to 65535")]
    Port(String),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        if let Some(place) = text.strip_prefix(TCP) {
            let (host, port) = parted(text, TCP, place)?;
            return Ok(Address::Tcp { host, port });
        }
        if let Some(place) = text.strip_prefix(UDP) {
            let (host, port) = parted(text, UDP, place)?;
            return Ok(Address::Udp { host, port });
        }
        match text.split_once("://") {
            Some((scheme, _)) => Err(AddressError::Scheme(scheme.to_owned())),
            None if text.trim().is_empty() => Err(AddressError::Empty),
            None => Ok(Address::Serial(text.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Address::Serial(path) => return f.write_str(path),
            Address::Tcp { host, port } => (TCP, host, port),
            Address::Udp { host, port } => (UDP, host, port),
        };
        if host.contains(':') {
            write!(f, "{scheme}[{host}]:{port}")
        } else {
            write!(f, "{scheme}{host}:{port}")
        }
    }
}

/// Host and port.
fn parted(text: &str, scheme: &'static str, place: &str) -> Result<(String, u16), AddressError> {
    let form = || AddressError::Form {
        text: text.to_owned(),
        scheme,
    };
    let (host, port) = place.rsplit_once(':').ok_or_else(form)?;
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if bracketed.is_none() && host.contains([':', '[', ']']) {
        return Err(AddressError::Brackets {
            text: text.to_owned(),
            scheme,
        });
    }
    let host = bracketed.unwrap_or(host);
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/@[]".contains(c)) {
        return Err(form());
    }
    match port.parse() {
        Ok(0) | Err(_) => Err(AddressError::Port(port.to_owned())),
        Ok(port) => Ok((host.to_owned(), port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_device_or_a_port_and_is_shown_as_it_was_written() {
        let tcp = |host: &str| Address::Tcp {
            host: host.to_owned(),
            port: 9999,
        };
        let udp = |host: &str| Address::Udp {
            host: host.to_owned(),
            port: 11880,
        };
        for (text, address) in [
            ("/dev/ttyUSB0", Address::Serial("/dev/ttyUSB0".to_owned())),
            ("COM3", Address::Serial("COM3".to_owned())),
            ("tcp://10.0.0.7:9999", tcp("10.0.0.7")),
            ("tcp://mount.local:9999", tcp("mount.local")),
            ("tcp://[fd00::7]:9999", tcp("fd00::7")),
            ("udp://192.168.4.1:11880", udp("192.168.4.1")),
            ("udp://[fd00::7]:11880", udp("fd00::7")),
        ] {
            assert_eq!(text.parse(), Ok(address), "{text}");
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_told_what_to_write() {
        for (text, error) in [
            (" ", "is empty; "),
            ("http://10.0.0.7:9999", "http:// is no kind of line"),
            ("udp://10.0.0.7", "is not udp://HOST:PORT, such as udp://10"),
            ("udp://fd00::7:9999", "such as udp://[fd00::7]:9999"),
            ("udp://10.0.0.7:0", "is no port"),
            ("tcp://10.0.0.7", "is not tcp://HOST:PORT"),
            ("tcp://:9999", "is not tcp://HOST:PORT"),
            ("tcp://me@10.0.0.7:9999", "is not tcp://HOST:PORT"),
            ("tcp://fd00::7:9999", "stands in brackets"),
            ("tcp://10.0.0.7:0", "is no port"),
            ("tcp://10.0.0.7:99999", "is no port"),
            ("tcp://10.0.0.7:9999/", "is no port"),
        ] {
            let told = text.parse::<Address>().unwrap_err().to_string();
            assert!(told.contains(error), "{text}: {told}");
        }
    }
}
