//! Faults of the wire, as a client has them.

use crate::port::{DATE, PATIENCE, Port, RA, add, settings, simulator};
use slewgate_simulator::{Lx200Settings, Simulator};
use std::time::{Duration, Instant};

#[test]
fn a_reply_that_is_dropped_is_lost_and_the_mount_did_what_was_asked() {
    let simulator = simulator();
    let fault = add(&simulator, "drop,next=1,match=:Sr");
    let mut port = Port::of(&simulator);
    // A reply to the second alone, and another to the one after it.
    port.hold(":Sr03:00.0#:Sr04:00.0#:Gr#", "104:00.0#");
    port.hold(":GC#", DATE);
    assert_eq!(fault.hits(), 1);
    assert!(simulator.faults().list().is_empty());
    let first = simulator.wire().frames()[0].clone();
    assert_eq!(
        (first.request.as_str(), first.reply.as_slice()),
        (":Sr03:00.0#", &b"1"[..])
    );
}

#[test]
fn a_request_that_is_dropped_is_never_heard() {
    let simulator = simulator();
    let fault = add(&simulator, "drop,what=request,match=:M");
    let mut port = Port::of(&simulator);
    port.hold(":Mn#:Mw#:GC#", DATE);
    assert_eq!(fault.hits(), 2);
    assert!(!simulator.state().moving);
    assert_eq!(simulator.wire().received(), 1);
    assert_eq!(simulator.faults().clear(), 1);
    port.hold(":Mn#:GC#", DATE);
    assert!(simulator.state().moving);
}

#[test]
fn a_reply_comes_later_and_is_not_overtaken() {
    let simulator = simulator();
    add(&simulator, "delay=300ms,match=:GR");
    let mut port = Port::of(&simulator);
    let began = Instant::now();
    port.hold(":GC#", DATE);
    port.hold(":GR#:GC#", &format!("{RA}{DATE}"));
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[test]
fn a_reply_that_is_late_comes_when_the_delay_is_taken_back() {
    let simulator = simulator();
    let fault = add(&simulator, "delay=1h");
    let mut port = Port::of(&simulator);
    port.write(b":GC#");
    assert!(fault.wait_for_hits(1, PATIENCE));
    simulator.faults().clear();
    port.hold("", DATE);
}

#[test]
fn as_many_bytes_of_a_reply_are_others_as_were_asked_for() {
    let garbled = || {
        let simulator = simulator();
        add(&simulator, "garble=2,next=1,seed=11");
        let mut port = Port::of(&simulator);
        port.write(b":GC#");
        let garbled = port.read(DATE.len());
        let others = garbled.chars().zip(DATE.chars()).filter(|(a, b)| a != b);
        assert_eq!(others.count(), 2, "{garbled:?}");
        port.hold(":GC#", DATE);
        garbled
    };
    assert_eq!(garbled(), garbled(), "the seed makes it the same");
}

#[test]
fn a_reply_ends_in_its_middle() {
    let simulator = simulator();
    add(&simulator, "cut=5,next=1");
    add(&simulator, "cut,next=1,match=:GR");
    let mut port = Port::of(&simulator);
    port.hold(":GC#:GC#", &format!("11/23{DATE}"));
    port.hold(":GR#:GC#", &format!("02:1{DATE}"));
}

#[test]
fn a_silent_mount_hears_nothing_and_says_nothing() {
    let simulator = simulator();
    let mut port = Port::of(&simulator);
    add(&simulator, "delay=1h");
    port.write(b":GR#");
    simulator
        .wire()
        .wait_for(|frame| frame.request == ":GR#", PATIENCE)
        .unwrap();
    let silence = add(&simulator, "silence");
    port.write(b":Mn#:GC#");
    assert!(silence.wait_for_hits(1, PATIENCE));
    assert_eq!(simulator.wire().received(), 1);
    assert_eq!(simulator.faults().clear(), 2);
    assert!(!simulator.state().moving);
    // Neither what it was to say later nor what it was asked comes after all.
    port.hold(":Gc#", "24#");
}

#[test]
fn a_silence_ends_by_itself() {
    let simulator = simulator();
    let silence = add(&simulator, "silence,for=200ms");
    let mut port = Port::of(&simulator);
    port.write(b":GC#");
    assert!(silence.wait_for_hits(1, PATIENCE));
    let deadline = Instant::now() + PATIENCE;
    while !simulator.faults().list().is_empty() {
        assert!(Instant::now() < deadline, "it lasts");
        std::thread::yield_now();
    }
    port.hold(":GC#", DATE);
}

#[test]
fn what_chance_does_is_the_same_each_time() {
    let answers = |seed| {
        let simulator = simulator();
        let fault = add(
            &simulator,
            &format!("drop,chance=0.5,seed={seed},match=:GR"),
        );
        let mut port = Port::of(&simulator);
        let dropped: Vec<bool> = (0..40)
            .map(|_| {
                let before = fault.hits();
                port.write(b":GR#:Gc#");
                let answer = port.read(3);
                if answer != "24#" {
                    assert_eq!(answer + &port.read(RA.len()), format!("{RA}24#"));
                }
                fault.hits() > before
            })
            .collect();
        assert!(
            dropped.contains(&true) && dropped.contains(&false),
            "{dropped:?}"
        );
        dropped
    };
    assert_eq!(answers(7), answers(7));
    assert_ne!(answers(7), answers(8));
}

#[test]
fn a_babbling_line_says_what_nobody_asked_for() {
    let simulator = simulator();
    let mut port = Port::of(&simulator);
    let fault = add(&simulator, "babble=5,every=50ms,next=3");
    let began = Instant::now();
    port.read(15);
    assert!(began.elapsed() >= Duration::from_millis(100));
    assert_eq!(fault.hits(), 3);
    port.hold(":GC#", DATE);
}

#[test]
fn faults_are_there_from_the_beginning_if_they_are_wanted() {
    let faults = vec![
        "drop,next=1".parse().unwrap(),
        "stuck=first".parse().unwrap(),
    ];
    let simulator = Simulator::start_lx200(Lx200Settings {
        faults,
        ..settings()
    })
    .unwrap();
    assert_eq!(simulator.faults().list().len(), 2);
    Port::of(&simulator).hold(":GR#:GC#", DATE);
    assert_eq!(simulator.faults().list().len(), 1);
}

#[test]
fn faults_may_outlive_their_mount() {
    let simulator = simulator();
    let faults = simulator.faults();
    drop(simulator);
    faults.add("silence".parse().unwrap());
    assert_eq!(faults.clear(), 1);
}
