//! Who is behind a proxy: the header X-Forwarded-For.
//!
//! Each proxy on the way adds the address that it saw at the right end of the list. So the right-most one is our own proxy's word,
//! and all to the left of it is the client's, who may have written there what it likes.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::source::Network;

/// Where a connection from `peer` comes from, whose request has these values of X-Forwarded-For, in their order.
///
/// From anybody but one of `proxies` they mean nothing. Where a proxy names nobody, the proxy itself it is: where it sends no
/// header, or one whose last entry is no address, or one of the proxy's own machine (loopback), or of nobody (0.0.0.0, multicast).
#[must_use]
pub fn forwarded<'a>(
    peer: IpAddr,
    headers: impl IntoIterator<Item = &'a [u8]>,
    proxies: &[Network],
) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_among(proxies, peer) {
        return peer;
    }
    // Several headers of the name are one list (RFC 9110, 5.3).
    let last = headers.into_iter().last();
    last.and_then(right_most).unwrap_or(peer)
}

/// Whether `address` is in one of the networks.
pub(super) fn is_among(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// The last of a list of addresses. Behind a comma at the end it is missing: the one before is not taken for it.
fn right_most(list: &[u8]) -> Option<IpAddr> {
    let last = list.rsplit(|byte| *byte == b',').next()?;
    let address = address(str::from_utf8(last).ok()?.trim_matches([' ', '\t']))?;
    let nobodys = address.is_loopback() || address.is_unspecified() || address.is_multicast();
    (!nobodys).then_some(address)
}

/// An address as proxies write it: alone, with a port, and of IPv6 also in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']');
    let alone = text.parse::<IpAddr>().ok();
    alone
        .or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
        .or_else(|| Some(bracketed()?.parse::<Ipv6Addr>().ok()?.into()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "127.0.0.1";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn networks(proxies: &[&str]) -> Vec<Network> {
        let networks = proxies.iter().map(|network| network.parse().unwrap());
        networks.collect()
    }

    /// Who is behind the proxy.
    fn behind(headers: &[&str]) -> IpAddr {
        let headers = headers.iter().map(|header| header.as_bytes());
        forwarded(ip(PROXY), headers, &networks(&[PROXY, "fd00::/8"]))
    }

    #[test]
    fn the_right_most_address_of_the_last_header_counts() {
        for (headers, source) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            (&["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            (&["127.0.0.1,,garbage, \t203.0.113.7 \t"], "203.0.113.7"),
            (&["198.51.100.1", "10.0.0.1, 203.0.113.7"], "203.0.113.7"),
        ] {
            assert_eq!(behind(headers), ip(source), "{headers:?}");
        }
    }

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        for (written, source) in [
            ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
        ] {
            assert_eq!(behind(&[written]), ip(source), "{written}");
        }
    }

    #[test]
    fn a_proxy_that_names_nobody_is_the_source_itself() {
        assert_eq!(behind(&[]), ip(PROXY));
        for nobody in [
            "",
            "unknown",
            "203.0.113.7,",
            "203.0.113.7, unknown",
            "203.0.113.7 198.51.100.1",
            "203.0.113.007",
            "203.0.113.7:",
            "203.0.113.7:70000",
            "[203.0.113.7]",
            "[2001:db8::7",
            "2001:db8::7]",
            "\"203.0.113.7\"",
            "for=203.0.113.7",
            "fe80::1%eth0",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "127.0.0.2",
            "::1",
            "::ffff:127.0.0.2",
        ] {
            assert_eq!(behind(&[nobody]), ip(PROXY), "{nobody}");
            // Nor does the header before it count.
            assert_eq!(behind(&["203.0.113.7", nobody]), ip(PROXY), "{nobody}");
        }
    }

    #[test]
    fn from_others_the_header_means_nothing() {
        let header = || [b"203.0.113.7".as_slice()];
        let stranger = ip("198.51.100.1");
        assert_eq!(forwarded(stranger, header(), &networks(&[PROXY])), stranger);
        assert_eq!(forwarded(ip(PROXY), header(), &[]), ip(PROXY));
    }

    #[test]
    fn a_proxy_is_known_by_its_network_and_as_a_mapped_address_too() {
        let header = || [b"203.0.113.7".as_slice()];
        let proxies = networks(&["10.1.0.0/16", "fd00::/8"]);
        for proxy in ["10.1.2.3", "::ffff:10.1.2.3", "fd00::80"] {
            assert_eq!(
                forwarded(ip(proxy), header(), &proxies),
                ip("203.0.113.7"),
                "{proxy}"
            );
        }
        let other = forwarded(ip("::ffff:10.2.0.1"), header(), &proxies);
        assert_eq!(other, ip("10.2.0.1"));
    }

    proptest! {
        #[test]
        fn whatever_a_client_writes_before_it_the_proxys_word_counts(client: Vec<Vec<u8>>, before: Vec<u8>) {
            let last = [before, b", 203.0.113.7".to_vec()].concat();
            let headers = client.iter().chain([&last]).map(Vec::as_slice);
            prop_assert_eq!(forwarded(ip(PROXY), headers, &networks(&[PROXY])), ip("203.0.113.7"));
        }

        #[test]
        fn any_bytes_are_read_without_harm(headers: Vec<Vec<u8>>, v4: [u8; 4]) {
            let proxies = networks(&["10.0.0.0/8"]);
            let peer = IpAddr::from(v4);
            let source = forwarded(peer, headers.iter().map(Vec::as_slice), &proxies);
            prop_assert!(source == peer || v4[0] == 10);
        }
    }
}
