//! On a pseudo-terminal, as programs see it, with the faults of the wire.

use crate::bench::{HandClock, settings};
use serialport::SerialPort;
use slewgate_simulator::{ActiveFault, Family, Moonlite, Simulator};
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

fn start() -> (Arc<HandClock>, Simulator<Moonlite>) {
    let clock = Arc::new(HandClock::default());
    let simulator = Simulator::start_moonlite(settings(&clock)).unwrap();
    (clock, simulator)
}

fn add(simulator: &Simulator<Moonlite>, fault: &str) -> ActiveFault {
    simulator.faults().add(fault.parse().unwrap())
}

fn open(simulator: &Simulator<Moonlite>) -> Box<dyn SerialPort> {
    serialport::new(simulator.path().to_str().unwrap(), 9600)
        .timeout(PATIENCE)
        .open()
        .unwrap()
}

/// Writes requests and reads an answer of that length.
fn hold(port: &mut Box<dyn SerialPort>, requests: &str, answer: &str) {
    port.write_all(requests.as_bytes()).unwrap();
    let mut read = vec![0; answer.len()];
    port.read_exact(&mut read).unwrap();
    assert_eq!(String::from_utf8_lossy(&read), answer, "to {requests:?}");
}

#[test]
fn a_focuser_is_asked_for_by_its_name_and_is_no_mount() {
    let family = Family::of_device("simulator:moonlite").unwrap().unwrap();
    assert_eq!(family, Family::Moonlite);
    assert!(!family.is_mount());
    assert_eq!(family.to_string(), "moonlite");
    assert!(Family::devices().contains(&"simulator:moonlite".to_owned()));
    assert!("moonlite/classic".parse::<Family>().is_err());
}

#[test]
fn a_move_is_made_over_a_serial_port_and_seen_on_the_wire() {
    let (clock, simulator) = start();
    let mut port = open(&simulator);
    hold(&mut port, ":SN7918#:FG#:GI#", "01#");
    clock.pass(4.0);
    hold(&mut port, ":GP#:GI#", "7918#00#");
    assert_eq!(simulator.state().position, 0x7918);
    let requests = simulator.wire().frames();
    let requests: Vec<_> = requests
        .iter()
        .map(|frame| frame.request.as_str())
        .collect();
    assert_eq!(requests, [":SN7918#", ":FG#", ":GI#", ":GP#", ":GI#"]);
}

#[test]
fn replies_are_dropped_cut_and_garbled_and_the_next_are_whole() {
    let (_clock, simulator) = start();
    let mut port = open(&simulator);
    let dropped = add(&simulator, "drop,next=1,match=:GP");
    hold(&mut port, ":GP#:GV#", "10#");
    let cut = add(&simulator, "cut=2,next=1,match=:GP");
    hold(&mut port, ":GP#:GV#", "7510#");
    let garbled = add(&simulator, "garble=4,next=1,match=:GP");
    port.write_all(b":GP#").unwrap();
    let mut answer = [0; 5];
    port.read_exact(&mut answer).unwrap();
    let same = answer.iter().zip(b"7530#").filter(|(a, b)| a == b);
    assert_eq!(same.count(), 1, "{answer:?}");
    hold(&mut port, ":GP#", "7530#");
    for fault in [dropped, cut, garbled] {
        assert_eq!(fault.hits(), 1, "{}", fault.fault());
    }
}

#[test]
fn a_halt_that_is_dropped_is_never_heard() {
    let (clock, simulator) = start();
    let mut port = open(&simulator);
    add(&simulator, "drop,what=request,next=1,match=:FQ");
    hold(&mut port, ":SN7918#:FG#:FQ#:GI#", "01#");
    hold(&mut port, ":FQ#:GI#", "00#");
    clock.pass(4.0);
    assert_eq!(simulator.state().position, 30_000);
}

#[test]
fn a_silent_focuser_is_heard_again_when_that_is_taken_back() {
    let (_clock, simulator) = start();
    let mut port = open(&simulator);
    let silence = add(&simulator, "silence");
    port.write_all(b":GP#").unwrap();
    assert!(silence.wait_for_hits(1, PATIENCE));
    assert_eq!(simulator.faults().clear(), 1);
    hold(&mut port, ":GV#", "10#");
}

#[test]
fn a_device_that_was_gone_comes_back_with_the_motor_on_all_the_time() {
    let (clock, simulator) = start();
    let mut port = open(&simulator);
    hold(&mut port, ":SN7918#:FG#:GI#", "01#");
    add(&simulator, "disconnect=50ms");
    clock.pass(4.0);
    assert!(simulator.device().wait_for_opening(2, PATIENCE));
    hold(&mut open(&simulator), ":GP#", "7918#");
}

#[test]
fn the_motors_faults_come_and_go_while_it_runs() {
    let (clock, simulator) = start();
    let runaway = add(&simulator, "runaway=first,rate=10");
    clock.pass(10.0);
    assert_eq!(simulator.state().position, 30_100);
    hold(&mut open(&simulator), ":FQ#:GI#", "01#");
    assert_eq!(runaway.hits(), 1);
    let listed = simulator.faults().list();
    let listed: Vec<_> = listed
        .iter()
        .map(|active| active.fault().to_string())
        .collect();
    assert_eq!(listed, ["runaway=first,rate=10"]);
    assert_eq!(simulator.faults().clear(), 1);
    assert!(!simulator.state().moving);
}
