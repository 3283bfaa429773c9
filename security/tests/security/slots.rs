//! Places for connections.

use std::net::IpAddr;

use slewgate_security::admission::{
    Admission, AdmissionSettings, Network, Offence, Refused, Slot, source_key,
};

fn from(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The `n`th address of a network that gives every client its own.
fn client(n: u32) -> IpAddr {
    std::net::Ipv4Addr::from_bits(0x0A00_0000 + n).into()
}

fn session(admission: &Admission, address: IpAddr) -> Slot {
    let mut slot = admission.connect(address).unwrap();
    slot.authenticated().unwrap();
    slot
}

#[test]
fn the_fifth_silent_connection_of_a_source_is_refused_and_others_are_not() {
    let admission = Admission::new(AdmissionSettings::default());
    let _held: Vec<Slot> = (0..4)
        .map(|_| admission.connect(client(1)).unwrap())
        .collect();
    assert_eq!(
        admission.connect(client(1)).unwrap_err(),
        Refused::WaitingOfSource
    );
    assert!(admission.connect(client(2)).is_ok());
}

#[test]
fn the_65th_silent_connection_is_refused() {
    let admission = Admission::new(AdmissionSettings {
        early: 64,
        ..AdmissionSettings::default()
    });
    let held: Vec<Slot> = (0..64)
        .map(|n| admission.connect(client(n)).unwrap())
        .collect();
    assert!(admission.connect(client(64)).is_err());
    drop(held);
    assert!(admission.connect(client(64)).is_ok());
}

/// Of a thousand that come while so many wait.
fn turned_away(waiting: u32) -> usize {
    let admission = Admission::new(AdmissionSettings::default());
    let mut held: Vec<Slot> = Vec::new();
    while held.len() < waiting as usize {
        held.extend(admission.connect(client(held.len() as u32)));
    }
    let come = |n: u32| admission.connect(client(1_000 + n)).err();
    let refused: Vec<_> = (0..1_000).filter_map(come).collect();
    assert!(refused.iter().all(|refused| *refused == Refused::Early));
    refused.len()
}

#[test]
fn from_half_the_places_on_chance_turns_away_ever_more_of_those_who_come() {
    assert_eq!(turned_away(31), 0);
    let (at_half, later) = (turned_away(32), turned_away(56));
    // 30 and 82 in a hundred; a thousand tries are within five deviations.
    assert!((220..380).contains(&at_half), "{at_half}");
    assert!((760..880).contains(&later), "{later}");
}

#[test]
fn who_is_exempt_has_no_bad_luck() {
    let admission = Admission::new(AdmissionSettings::default());
    let here = from("127.0.0.1");
    let held: Vec<Slot> = (0..64).map(|_| admission.connect(here).unwrap()).collect();
    assert_eq!(admission.connect(here).unwrap_err(), Refused::Waiting);
    drop(held);
}

#[test]
fn a_place_is_given_back_at_each_stage() {
    let admission = Admission::new(AdmissionSettings::default());
    for _ in 0..2000 {
        drop(admission.connect(client(1)).unwrap());
        drop(session(&admission, client(1)));
    }
}

#[test]
fn a_session_does_not_take_a_place_of_those_who_wait() {
    let admission = Admission::new(AdmissionSettings::default());
    let _sessions: Vec<Slot> = (0..16).map(|_| session(&admission, client(1))).collect();
    assert!(admission.connect(client(1)).is_ok());
}

#[test]
fn the_17th_session_of_a_source_is_refused_and_keeps_its_place_in_the_queue() {
    let admission = Admission::new(AdmissionSettings::default());
    let mut sessions: Vec<Slot> = (0..16).map(|_| session(&admission, client(1))).collect();
    let mut one_more = admission.connect(client(1)).unwrap();
    assert_eq!(one_more.authenticated(), Err(Refused::SessionsOfSource));
    sessions.pop();
    assert_eq!(one_more.authenticated(), Ok(()));
    // Once is enough: asking again takes no second place.
    assert_eq!(one_more.authenticated(), Ok(()));
    drop(one_more);
    drop(session(&admission, client(1)));
}

#[test]
fn the_1025th_session_is_refused() {
    let admission = Admission::new(AdmissionSettings::default());
    let _sessions: Vec<Slot> = (0..1024).map(|n| session(&admission, client(n))).collect();
    let mut one_more = admission.connect(client(2000)).unwrap();
    assert_eq!(one_more.authenticated(), Err(Refused::Sessions));
}

#[test]
fn loopback_has_no_share_for_each_source_but_the_totals_hold() {
    let admission = Admission::new(AdmissionSettings::default());
    let _sessions: Vec<Slot> = (0..50)
        .map(|_| session(&admission, from("127.0.0.1")))
        .collect();
    let _waiting: Vec<Slot> = (0..64)
        .map(|_| admission.connect(from("::1")).unwrap())
        .collect();
    assert_eq!(
        admission.connect(from("127.0.0.1")).unwrap_err(),
        Refused::Waiting
    );
}

#[test]
fn the_numbers_can_be_changed_while_places_are_taken() {
    let admission = Admission::new(AdmissionSettings::default());
    let held: Vec<Slot> = (0..4)
        .map(|_| admission.connect(client(1)).unwrap())
        .collect();
    let narrow = AdmissionSettings {
        waiting_per_source: 1,
        ..AdmissionSettings::default()
    };
    admission.set(narrow);
    drop(held);
    let _one = admission.connect(client(1)).unwrap();
    assert_eq!(
        admission.connect(client(1)).unwrap_err(),
        Refused::WaitingOfSource
    );
}

#[test]
fn a_source_is_an_ipv4_address_or_a_slash_64() {
    let same = |one, other| source_key(from(one)) == source_key(from(other));
    assert!(same("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff"));
    assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
    assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
    assert!(!same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
    assert_eq!(source_key(from("2001:db8::7")).to_string(), "2001:db8::/64");
    assert_eq!(source_key(from("192.0.2.1")).to_string(), "192.0.2.1");
}

#[test]
fn networks_are_read_as_people_write_them() {
    let network = |text: &str| text.parse::<Network>();
    assert_eq!(
        network("192.168.1.77/24").unwrap().to_string(),
        "192.168.1.0/24"
    );
    assert_eq!(network("10.0.0.7").unwrap().to_string(), "10.0.0.7/32");
    assert!(network("0.0.0.0/0").unwrap().contains(from("8.8.8.8")));
    assert!(!network("0.0.0.0/0").unwrap().contains(from("2001:db8::1")));
    assert!(network("::/0").unwrap().contains(from("2001:db8::1")));
    for wrong in [
        "",
        "/8",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "host/8",
        "10.0.0.0/-1",
    ] {
        assert!(network(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_network_of_ipv4_addresses_in_the_clothes_of_ipv6_is_the_network_that_it_stands_for() {
    let network = |text: &str| text.parse::<Network>().unwrap();
    for (written, plain) in [
        ("::ffff:192.168.1.77/120", "192.168.1.0/24"),
        ("::ffff:10.0.0.7", "10.0.0.7/32"),
        ("::ffff:a00:0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
    ] {
        assert_eq!(network(written), network(plain), "{written}");
        assert_eq!(network(written).to_string(), plain);
    }
    let home = network("::ffff:192.168.1.0/120");
    assert!(home.contains(from("192.168.1.20")));
    assert!(home.contains(from("::ffff:192.168.1.20")));
    assert!(!home.contains(from("192.168.2.20")));
    assert!(network("::ffff:0:0/96").is_of_strangers());
    // Wider, it is one of IPv6 like any other.
    assert_eq!(network("::ffff:10.0.0.0/95").to_string(), "::fffe:0:0/95");
}

/// Behind a proxy on this machine.
fn behind_a_proxy() -> Admission {
    Admission::new(AdmissionSettings {
        proxies: vec!["127.0.0.1".parse().unwrap()],
        ..AdmissionSettings::default()
    })
}

/// A connection that the proxy brings from this address.
fn brought(admission: &Admission, address: IpAddr) -> Result<Slot, Refused> {
    let mut slot = admission.connect(from("127.0.0.1"))?;
    let header = address.to_string();
    let source = slot.source([header.as_bytes()]);
    slot.comes_from(source).map(|()| slot)
}

#[test]
fn a_proxy_has_no_share_and_whom_it_brings_has_his_own() {
    let admission = behind_a_proxy();
    // Whom they are from nobody knows yet.
    let proxy = from("127.0.0.1");
    let unknown: Vec<Slot> = (0..20).map(|_| admission.connect(proxy).unwrap()).collect();
    assert!(unknown.iter().all(|slot| !slot.is_known()));
    assert_eq!(unknown[0].proxy(), Some(proxy));
    drop(unknown);
    let mut held: Vec<Slot> = (0..4)
        .map(|_| brought(&admission, client(1)).unwrap())
        .collect();
    for _ in 0..2 {
        assert_eq!(
            brought(&admission, client(1)).unwrap_err(),
            Refused::WaitingOfSource
        );
    }
    // One who comes himself is the same source, and others are not.
    assert_eq!(
        admission.connect(client(1)).unwrap_err(),
        Refused::WaitingOfSource
    );
    held.push(brought(&admission, client(2)).unwrap());
    drop(held);
    drop(brought(&admission, client(1)).unwrap());
}

#[test]
fn sessions_behind_a_proxy_are_counted_by_whom_it_brings() {
    let admission = behind_a_proxy();
    let session = |address| {
        let mut slot = brought(&admission, address)?;
        slot.authenticated().map(|()| slot)
    };
    let held: Vec<Slot> = (0..16).map(|_| session(client(1)).unwrap()).collect();
    assert_eq!(session(client(1)).unwrap_err(), Refused::SessionsOfSource);
    assert!(session(client(2)).is_ok());
    drop(held);
    assert!(session(client(1)).is_ok());
}

#[test]
fn penalties_are_for_whom_a_proxy_brings_and_never_for_the_proxy() {
    let admission = behind_a_proxy();
    for _ in 0..4 {
        let slot = brought(&admission, client(1)).unwrap();
        let _ = slot.offends(Offence::Authentication);
    }
    let refused = |address| brought(&admission, address).err();
    assert!(matches!(refused(client(1)), Some(Refused::Penalty(_))));
    assert_eq!(refused(client(2)), None);
    assert_eq!(admission.penalties().len(), 1);
}

#[test]
fn a_proxy_that_names_nobody_is_a_stranger_also_on_this_machine() {
    let admission = behind_a_proxy();
    let nameless = || {
        let mut slot = admission.connect(from("127.0.0.1"))?;
        let source = slot.source(None);
        slot.comes_from(source).map(|()| slot)
    };
    let held: Vec<Slot> = (0..4).map(|_| nameless().unwrap()).collect();
    assert_eq!(nameless().unwrap_err(), Refused::WaitingOfSource);
    // Those whom it names are not held up by that.
    assert!(brought(&admission, client(1)).is_ok());
    drop(held);
    for _ in 0..4 {
        let _ = nameless().unwrap().offends(Offence::Authentication);
    }
    assert!(matches!(nameless(), Err(Refused::Penalty(_))));
    assert!(brought(&admission, client(1)).is_ok());
    // What else is on this machine is exempt as ever.
    assert!(
        !admission
            .connect(from("127.0.0.2"))
            .unwrap()
            .offends(Offence::Silence)
    );
    // Where nobody asks whom it brings, it is the proxy too.
    admission.forgive(None);
    let mut sessions = Vec::new();
    for _ in 0..16 {
        let mut slot = admission.connect(from("127.0.0.1")).unwrap();
        slot.authenticated().unwrap();
        sessions.push(slot);
    }
    let mut one_more = admission.connect(from("127.0.0.1")).unwrap();
    assert_eq!(one_more.authenticated(), Err(Refused::SessionsOfSource));
}

#[test]
fn a_network_that_is_exempt_stays_so_behind_a_proxy() {
    let admission = Admission::new(AdmissionSettings {
        proxies: vec!["10.0.0.80".parse().unwrap()],
        exempt: vec!["192.168.1.0/24".parse().unwrap()],
        ..AdmissionSettings::default()
    });
    let home = || {
        let mut slot = admission.connect(from("10.0.0.80")).unwrap();
        let source = slot.source([b"192.168.1.7".as_slice()]);
        slot.comes_from(source).map(|()| slot)
    };
    let held: Vec<Slot> = (0..10).map(|_| home().unwrap()).collect();
    drop(held);
}

#[test]
fn who_is_no_proxy_is_counted_as_who_connected_whatever_he_says() {
    let admission = behind_a_proxy();
    let forged = |n: u32| {
        let mut slot = admission.connect(client(1))?;
        let header = client(n).to_string();
        let source = slot.source([header.as_bytes()]);
        assert_eq!((source, slot.proxy()), (client(1), None));
        slot.comes_from(client(n)).map(|()| slot)
    };
    let _held: Vec<Slot> = (0..4).map(|n| forged(n).unwrap()).collect();
    assert_eq!(forged(9).unwrap_err(), Refused::WaitingOfSource);
}

#[test]
fn strangers_behind_a_proxy_have_bad_luck_as_others_do() {
    let admission = behind_a_proxy();
    let come = |n: u32| brought(&admission, client(n));
    let held: Vec<Slot> = (0..2_000).filter_map(|n| come(n).ok()).collect();
    assert!((33..=64).contains(&held.len()), "{}", held.len());
    assert!((0..200).any(|n| matches!(come(n), Err(Refused::Early | Refused::Waiting))));
}
