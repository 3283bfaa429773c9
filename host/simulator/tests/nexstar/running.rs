//! On a pseudo-terminal, as programs see it, with the faults of the wire.

use crate::bench::{BRISTOL, HandClock};
use serialport::SerialPort;
use slewgate_simulator::{Family, Nexstar, NexstarSettings, Simulator, Telescope};
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

fn start() -> (Arc<HandClock>, Simulator<Nexstar>) {
    let clock = Arc::new(HandClock::default());
    let settings = NexstarSettings::new(BRISTOL, Arc::clone(&clock) as _);
    (clock, Simulator::start_nexstar(settings).unwrap())
}

fn open(simulator: &Simulator<Nexstar>) -> Box<dyn SerialPort> {
    serialport::new(simulator.path().to_str().unwrap(), 9600)
        .timeout(PATIENCE)
        .open()
        .unwrap()
}

/// Writes requests and reads an answer of that length.
fn hold(port: &mut Box<dyn SerialPort>, requests: &[u8], answer: &[u8]) {
    port.write_all(requests).unwrap();
    let mut read = vec![0; answer.len()];
    port.read_exact(&mut read).unwrap();
    assert_eq!(
        read.escape_ascii().to_string(),
        answer.escape_ascii().to_string()
    );
}

#[test]
fn a_mount_is_asked_for_by_its_name() {
    let family = Family::of_device("simulator:nexstar").unwrap().unwrap();
    assert_eq!(family, Family::Nexstar);
    assert!(family.is_mount());
    assert_eq!(family.to_string(), "nexstar");
    assert!(Family::devices().contains(&"simulator:nexstar".to_owned()));
    assert!("nexstar/classic".parse::<Family>().is_err());
}

#[test]
fn bytes_of_every_value_come_through_both_ways() {
    let (_clock, simulator) = start();
    let mut port = open(&simulator);
    for byte in 0..=u8::MAX {
        hold(&mut port, &[b'K', byte], &[byte, b'#']);
    }
}

#[test]
fn a_goto_is_made_over_a_serial_port() {
    let (clock, simulator) = start();
    let mut port = open(&simulator);
    hold(&mut port, b"R34AB,12CE", b"#");
    hold(&mut port, b"L", b"1#");
    clock.pass(60.0);
    hold(&mut port, b"E", b"34AB,12CE#");
    assert!(simulator.state().tracking);
    assert!((simulator.pointing().dec - 26.4441).abs() < 1e-3);
}

/// Celestron: an answer may take 3.5 s, and what is sent meanwhile may be dropped.
#[test]
fn while_a_late_answer_is_to_come_nothing_else_is_heard() {
    let (_clock, simulator) = start();
    let mut port = open(&simulator);
    let delay = "delay=3500ms,next=1,match=E".parse().unwrap();
    let delay = simulator.faults().add(delay);
    let begun = Instant::now();
    port.write_all(b"E").unwrap();
    assert!(delay.wait_for_hits(1, PATIENCE));
    port.write_all(b"K\x55").unwrap();
    let mut answer = [0; 10];
    port.read_exact(&mut answer).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(3500));
    assert_eq!((answer[4], answer[9]), (b',', b'#'));
    hold(&mut port, b"K\x56", b"\x56#");
    assert_eq!(simulator.wire().received(), 2);
}
