//! At a UDP port, as behind a WiFi adapter, with the faults of the air.

use crate::bench::{HandClock, settings};
use slewgate_simulator::UdpSimulator;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

fn start() -> (Arc<HandClock>, UdpSimulator) {
    let clock = Arc::new(HandClock::default());
    let anywhere = (Ipv4Addr::LOCALHOST, 0).into();
    let simulator = UdpSimulator::start_skywatcher(&settings(&clock), anywhere).unwrap();
    (clock, simulator)
}

/// A port that speaks to the mount alone.
fn port(simulator: &UdpSimulator) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect(simulator.address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn hear(socket: &UdpSocket) -> String {
    let mut heard = [0; 64];
    let count = socket.recv(&mut heard).unwrap();
    String::from_utf8_lossy(&heard[..count]).into_owned()
}

fn hold(socket: &UdpSocket, request: &str, answer: &str) {
    socket.send(request.as_bytes()).unwrap();
    assert_eq!(hear(socket), answer, "to {request:?}");
}

#[test]
fn each_datagram_has_its_answer_in_one_to_whoever_asked() {
    let (clock, simulator) = start();
    let (one, other) = (port(&simulator), port(&simulator));
    hold(&one, ":F1\r", "=\r");
    hold(&other, ":e1\r", "=020900\r");
    for order in [":G100\r", ":S1000081\r", ":J1\r"] {
        hold(&one, order, "=\r");
    }
    clock.pass(60.0);
    hold(&other, ":j1\r", "=000081\r");
    assert!(simulator.state().axes.0 > 2.0);
    assert_eq!(simulator.wire().received(), 6);
}

#[test]
fn a_late_answer_comes_to_whoever_asked_and_holds_up_nobody() {
    let (_clock, simulator) = start();
    simulator
        .faults()
        .add("delay=300ms,next=1,match=:j".parse().unwrap());
    let (one, other) = (port(&simulator), port(&simulator));
    one.send(b":j1\r").unwrap();
    assert!(
        simulator
            .wire()
            .wait_for(|frame| frame.request == ":j1\r", PATIENCE)
            .is_some()
    );
    hold(&other, ":f1\r", "=100\r");
    assert_eq!(hear(&one), "=000080\r");
}

#[test]
fn what_is_lost_in_the_air_is_not_answered() {
    let (_clock, simulator) = start();
    let one = port(&simulator);
    for fault in ["drop,what=request,next=1,match=:j", "drop,next=1,match=:j"] {
        let lost = simulator.faults().add(fault.parse().unwrap());
        one.send(b":j1\r").unwrap();
        hold(&one, ":e1\r", "=020900\r");
        assert_eq!(lost.hits(), 1);
    }
}

#[test]
fn a_port_that_another_has_is_told() {
    let (clock, simulator) = start();
    let address = simulator.address();
    let again = UdpSimulator::start_skywatcher(&settings(&clock), address);
    let told = again.err().unwrap().to_string();
    assert!(
        told.starts_with(&format!("cannot open the UDP port {address}: ")),
        "{told}"
    );
}
