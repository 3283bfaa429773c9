//! On a pseudo-terminal, as programs see it, with the faults of the wire.

use crate::bench::{HandClock, settings};
use serialport::SerialPort;
use slewgate_simulator::{Family, Simulator, Skywatcher, SkywatcherModel};
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

fn start() -> (Arc<HandClock>, Simulator<Skywatcher>) {
    let clock = Arc::new(HandClock::default());
    let simulator = Simulator::start_skywatcher(settings(&clock)).unwrap();
    (clock, simulator)
}

fn open(simulator: &Simulator<Skywatcher>) -> Box<dyn SerialPort> {
    serialport::new(simulator.path().to_str().unwrap(), 9600)
        .timeout(PATIENCE)
        .open()
        .unwrap()
}

fn hold(port: &mut Box<dyn SerialPort>, requests: &str, answer: &str) {
    port.write_all(requests.as_bytes()).unwrap();
    let mut read = vec![0; answer.len()];
    port.read_exact(&mut read).unwrap();
    assert_eq!(String::from_utf8_lossy(&read), answer, "to {requests:?}");
}

#[test]
fn a_mount_is_asked_for_by_its_family_or_its_model() {
    for (device, model) in [
        ("simulator:skywatcher", SkywatcherModel::Eq6),
        ("simulator:skywatcher/eq6", SkywatcherModel::Eq6),
        ("simulator:skywatcher/azeq6", SkywatcherModel::AzEq6),
    ] {
        let family = Family::of_device(device).unwrap().unwrap();
        assert_eq!(family, Family::Skywatcher(model));
        assert!(family.is_mount());
    }
    let shown = Family::Skywatcher(SkywatcherModel::AzEq6).to_string();
    assert_eq!(shown, "skywatcher/azeq6");
    assert!(Family::devices().contains(&"simulator:skywatcher/eq6".to_owned()));
    let unknown = Family::of_device("simulator:skywatcher/eq9").unwrap();
    let told = unknown.unwrap_err().to_string();
    assert!(
        told.starts_with("no simulator is called \"skywatcher/eq9\"; there are"),
        "{told}"
    );
}

#[test]
fn a_goto_is_made_over_a_serial_port_and_seen_on_the_wire() {
    let (clock, simulator) = start();
    let mut port = open(&simulator);
    hold(
        &mut port,
        ":F1\r:G100\r:S1000081\r:J1\r:f1\r",
        "=\r=\r=\r=\r=411\r",
    );
    clock.pass(60.0);
    hold(&mut port, ":j1\r", "=000081\r");
    let degrees = f64::from(0x1_0000) * 360.0 / 9_024_000.0;
    assert!((simulator.state().axes.0 - degrees).abs() < 1e-6);
    let frames = simulator.wire().frames();
    let requests: Vec<_> = frames
        .iter()
        .map(|frame| frame.request.trim_end())
        .collect();
    assert_eq!(requests, [":F1", ":G100", ":S1000081", ":J1", ":f1", ":j1"]);
}

#[test]
fn answers_are_dropped_and_cut_and_the_next_are_whole() {
    let (_clock, simulator) = start();
    let mut port = open(&simulator);
    for (fault, left) in [
        ("drop,next=1,match=:j", ""),
        ("cut=3,next=1,match=:j", "=00"),
    ] {
        let fault = simulator.faults().add(fault.parse().unwrap());
        hold(&mut port, ":j1\r:e1\r", &format!("{left}=020900\r"));
        assert_eq!(fault.hits(), 1, "{}", fault.fault());
    }
}
