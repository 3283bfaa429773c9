use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use slewgate_security::admission::{Network, forwarded};

/// Values of X-Forwarded-For, a line each, as they come from an address that the first bytes say.
pub fn forwarded_headers(data: &[u8]) {
    let [from, a, b, text @ ..] = data else {
        return;
    };
    let proxies = ["10.1.0.0/16", "fd00::/8"].map(|network| network.parse().expect("a network"));
    let peer = match from % 4 {
        0 => Ipv4Addr::new(10, 1, *a, *b).into(),
        1 => Ipv4Addr::new(10, 1, *a, *b).to_ipv6_mapped().into(),
        2 => Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, u16::from(*a), u16::from(*b)).into(),
        _ => IpAddr::from(Ipv4Addr::new(192, 0, *a, *b)),
    };
    let headers = || text.split(|byte| *byte == b'\n');
    let source = forwarded(peer, headers(), &proxies);
    assert_eq!(source, source.to_canonical());
    let peer = peer.to_canonical();
    if from % 4 == 3 {
        assert_eq!(
            source, peer,
            "somebody who is no proxy of ours was believed"
        );
    }
    assert_eq!(forwarded(peer, headers(), &[]), peer, "there is no proxy");
    if source != peer {
        named_last(source, headers().next_back().unwrap_or_default());
    }
    says_its_proxy(peer, text, &proxies);
}

/// What is taken for the source is what the last entry of the last header says, and somebody's.
fn named_last(source: IpAddr, header: &[u8]) {
    assert!(!source.is_loopback() && !source.is_unspecified() && !source.is_multicast());
    let last = header
        .rsplit(|byte| *byte == b',')
        .next()
        .unwrap_or_default();
    let last = String::from_utf8_lossy(last);
    let last = last.trim_matches([' ', '\t']);
    let alone = last
        .trim_start_matches('[')
        .split(']')
        .next()
        .unwrap_or_default();
    let without_port = alone.rsplit_once(':').map_or(alone, |(address, _)| address);
    let told = [alone, without_port]
        .into_iter()
        .filter_map(|text| text.parse::<IpAddr>().ok());
    assert!(
        told.map(|it| it.to_canonical()).any(|it| it == source),
        "{source}, not {last}"
    );
}

/// Whatever a client writes, what our proxy adds behind it counts.
fn says_its_proxy(peer: IpAddr, text: &[u8], proxies: &[Network]) {
    let client = IpAddr::from(Ipv4Addr::new(203, 0, 113, 7));
    let added = [text, b", 203.0.113.7"].concat();
    let source = forwarded(peer, added.split(|byte| *byte == b'\n'), proxies);
    let is_proxy = proxies.iter().any(|network| network.contains(peer));
    assert_eq!(source, if is_proxy { client } else { peer });
}
