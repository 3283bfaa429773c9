//! Places for connections.

use std::net::IpAddr;

use slewgate_security::admission::{
    Admission, AdmissionSettings, Network, Refused, Slot, source_key,
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
