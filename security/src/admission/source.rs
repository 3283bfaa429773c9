//! Where a client comes from, as far as limits are concerned.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// Bits of an IPv6 address that one customer does not choose: the rest is theirs to vary at will.
const V6_PREFIX: u8 = 64;

/// Bits that `::ffff:a.b.c.d` has before the IPv4 address that it stands for.
const MAPPED: u8 = 96;

/// One source: an IPv4 address, or the /64 of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceKey(IpAddr);

/// A network such as `192.168.1.0/24` or `fd00::/8`; an address alone is a network of one. `::ffff:192.168.1.0/120` is the first of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

/// A network that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a network such as 192.168.1.0/24, fd00::/8 or 10.0.0.7")]
pub struct NetworkError(String);

/// The source that `address` belongs to; `::ffff:a.b.c.d` is the IPv4 address that it stands for.
#[must_use]
pub fn source_key(address: IpAddr) -> SourceKey {
    match address.to_canonical() {
        IpAddr::V4(address) => SourceKey(address.into()),
        address @ IpAddr::V6(_) => SourceKey(masked(address, V6_PREFIX)),
    }
}

impl fmt::Display for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/{V6_PREFIX}"),
        }
    }
}

impl Network {
    /// This machine itself: 127.0.0.0/8 and ::1.
    pub const LOOPBACK: [Self; 2] = [
        Self {
            base: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)),
            prefix: 8,
        },
        Self {
            base: IpAddr::V6(Ipv6Addr::LOCALHOST),
            prefix: 128,
        },
    ];

    /// Whether it is wider than any network that somebody has to himself: the widest private ones are 10.0.0.0/8 and fc00::/7, and nobody is
    /// given more of the internet than a /8 of IPv4, or a /16 of IPv6.
    #[must_use]
    pub fn is_of_strangers(&self) -> bool {
        let widest = match self.base {
            IpAddr::V4(_) => 8,
            IpAddr::V6(base) if base.is_unique_local() => 7,
            IpAddr::V6(_) => 16,
        };
        self.prefix < widest
    }

    /// Whether `address` is in it; `::ffff:a.b.c.d` is the IPv4 address that it stands for.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.base.is_ipv4() && masked(address, self.prefix) == self.base
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.chars().take(64).collect());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = prefix.map_or(Ok(widest), |prefix| prefix.parse().map_err(|_| wrong()))?;
        if prefix > widest {
            return Err(wrong());
        }
        // Addresses are looked at as what they stand for, and so is a network of nothing else.
        let (address, prefix) = match (address.to_canonical(), prefix.checked_sub(MAPPED)) {
            (canonical @ IpAddr::V4(_), Some(rest)) if address.is_ipv6() => (canonical, rest),
            _ => (address, prefix),
        };
        Ok(Self {
            base: masked(address, prefix),
            prefix,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The address with what follows its first `prefix` bits set to zero.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX
                .checked_shl(32_u32.saturating_sub(prefix))
                .unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX
                .checked_shl(128_u32.saturating_sub(prefix))
                .unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}
