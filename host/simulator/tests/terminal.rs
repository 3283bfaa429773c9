//! The mount as programs see it: a serial device.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use serialport::SerialPort;
use slewgate_simulator::{Dialect, Family, Lx200Settings, Simulator, SimulatorError, Telescope};
use slewgate_sky::{ScaledClock, Site};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// 2026-11-23T22:00:00Z.
const NIGHT: f64 = 1_795_471_200e3;
const LONDON: Site = Site {
    latitude: 51.5,
    longitude: -0.1667,
    elevation: 50.0,
};
const PATIENCE: Duration = Duration::from_secs(10);

fn settings() -> Lx200Settings {
    Lx200Settings::new(LONDON, Arc::new(ScaledClock::new(NIGHT, 1.0)))
}

fn open(path: &Path) -> Box<dyn SerialPort> {
    serialport::new(path.to_str().unwrap(), 9600)
        .timeout(PATIENCE)
        .open()
        .unwrap()
}

/// Writes a request and reads up to the `#` of its reply.
fn ask(port: &mut Box<dyn SerialPort>, request: &[u8]) -> String {
    port.write_all(request).unwrap();
    let mut reply = String::new();
    while !reply.ends_with('#') {
        let mut byte = [0];
        port.read_exact(&mut byte).unwrap();
        reply.push(char::from(byte[0]));
    }
    reply
}

#[test]
fn a_position_is_read_over_a_serial_port() {
    let simulator = Simulator::start_lx200(settings()).unwrap();
    let mut port = open(&simulator.path());
    assert_eq!(ask(&mut port, b":GR#"), "02:10.9#");
    assert_eq!(ask(&mut port, b":GD#"), "+25\u{df}45#");
}

#[test]
fn clients_come_and_go() {
    let simulator = Simulator::start_lx200(settings()).unwrap();
    for _ in 0..5 {
        assert_eq!(ask(&mut open(&simulator.path()), b":GC#"), "11/23/26#");
    }
}

#[test]
fn every_byte_passes_as_it_is() {
    let simulator = Simulator::start_lx200(settings()).unwrap();
    let mut port = open(&simulator.path());
    // What a terminal would take as an interrupt, an end of file, a stop, an erasure or a line end.
    port.write_all(&[3, 4, 19, 17, 127, 13, 10, 0, 255])
        .unwrap();
    assert_eq!(ask(&mut port, b"\x06:GD#"), "P+25\u{df}45#");
}

#[test]
fn a_slew_over_a_serial_port_arrives() {
    let mut settings = settings();
    settings.clock = Arc::new(ScaledClock::new(NIGHT, 100.0));
    let simulator = Simulator::start_lx200(settings).unwrap();
    let mut port = open(&simulator.path());
    port.write_all(b":U#:Sr06:30:00#:Sd+30*15:00#:MS#").unwrap();
    let mut replies = [0; 3];
    port.read_exact(&mut replies).unwrap();
    assert_eq!(&replies, b"110");
    let deadline = Instant::now() + PATIENCE;
    while ask(&mut port, b":D#").contains('\u{7f}') {
        assert!(
            Instant::now() < deadline,
            "still under way: {:?}",
            simulator.state()
        );
    }
    assert_eq!(ask(&mut port, b":GR#"), "06:30:00#");
    assert!(!simulator.state().slewing);
}

#[test]
fn the_wire_can_be_waited_for() {
    let simulator = Simulator::start_lx200(settings()).unwrap();
    let wire = simulator.wire();
    let mut port = open(&simulator.path());
    let began = Instant::now();
    let writer = std::thread::spawn(move || {
        port.write_all(b":Mn#:Q#").unwrap();
        port
    });
    let stop = wire
        .wait_for(|frame| frame.request == ":Q#", PATIENCE)
        .unwrap();
    assert_eq!(stop.number, 2);
    assert!(stop.at >= began && stop.reply.is_empty());
    assert_eq!(
        wire.wait_for(|frame| frame.request == ":MS#", Duration::from_millis(1)),
        None
    );
    drop(writer.join().unwrap());
}

#[test]
fn replies_that_nobody_reads_do_not_stop_it() {
    let simulator = Simulator::start_lx200(settings()).unwrap();
    let mut port = open(&simulator.path());
    for _ in 0..2000 {
        port.write_all(b":GD#:GR#").unwrap();
    }
    port.write_all(b":Q#").unwrap();
    assert!(
        simulator
            .wire()
            .wait_for(|frame| frame.request == ":Q#", PATIENCE)
            .is_some()
    );
}

#[test]
fn a_dropped_simulator_is_a_device_that_is_gone() {
    let simulator = Simulator::start_lx200(settings()).unwrap();
    let mut port = open(&simulator.path());
    assert_eq!(ask(&mut port, b":GC#"), "11/23/26#");
    drop(simulator);
    // Its path may be another's by now: the system gives the numbers of pseudo-terminals again.
    assert!(!matches!(port.read(&mut [0]), Ok(1..)));
    assert!(port.write_all(b":GC#").is_err() || !matches!(port.read(&mut [0]), Ok(1..)));
}

#[test]
fn a_link_leads_to_the_device_and_goes_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("mount");
    symlink("/nowhere", &link).unwrap();
    let simulator = Simulator::start_lx200(Lx200Settings {
        link: Some(link.clone()),
        ..settings()
    })
    .unwrap();
    assert_eq!(simulator.path(), link);
    assert_eq!(ask(&mut open(&link), b":GC#"), "11/23/26#");
    drop(simulator);
    assert!(link.symlink_metadata().is_err());
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_link_that_leads_elsewhere_by_now_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("mount");
    let first = Simulator::start_lx200(Lx200Settings {
        link: Some(link.clone()),
        ..settings()
    })
    .unwrap();
    let second = Simulator::start_lx200(Lx200Settings {
        link: Some(link.clone()),
        ..settings()
    })
    .unwrap();
    drop(first);
    assert_eq!(ask(&mut open(&second.path()), b":GC#"), "11/23/26#");
}

#[test]
fn a_file_is_not_replaced_by_a_link() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let link = Some(file.path().to_owned());
    let started = Simulator::start_lx200(Lx200Settings { link, ..settings() });
    assert!(matches!(started, Err(SimulatorError::Link { .. })));
    assert!(file.path().symlink_metadata().unwrap().is_file());
}

#[test]
fn a_link_that_cannot_be_made_is_named() {
    let link = Path::new("/nowhere/at/all/mount").to_owned();
    let Err(error) = Simulator::start_lx200(Lx200Settings {
        link: Some(link),
        ..settings()
    }) else {
        panic!("it was made");
    };
    assert!(
        error.to_string().contains("/nowhere/at/all/mount"),
        "{error}"
    );
}

#[test]
fn a_device_may_name_a_family_and_a_dialect() {
    let named = |device| Family::of_device(device).unwrap();
    for (device, dialect) in [
        ("simulator:lx200", Dialect::Classic),
        ("simulator:lx200/classic", Dialect::Classic),
        ("simulator:lx200/onstep", Dialect::OnStep),
    ] {
        assert_eq!(named(device).unwrap(), Family::Lx200(dialect));
    }
    for device in ["simulator:mirror", "simulator:lx200/", "simulator:onstep"] {
        assert_eq!(
            named(device).unwrap_err().to_string(),
            format!(
                "no simulator is called {:?}; there are simulator:lx200/classic, simulator:lx200/onstep, simulator:skywatcher/eq6, simulator:skywatcher/azeq6, simulator:nexstar, simulator:moonlite",
                device.trim_start_matches("simulator:")
            )
        );
    }
    assert!(Family::of_device("/dev/ttyUSB0").is_none());
    for dialect in Dialect::ALL {
        let family = Family::Lx200(dialect);
        assert_eq!(family.to_string().parse::<Family>().unwrap(), family);
    }
}

#[test]
fn where_the_axes_point_is_told_without_a_word_on_the_line() {
    let simulator = Simulator::start_lx200(settings()).unwrap();
    let before = simulator.pointing();
    assert!((before.dec - LONDON.latitude / 2.0).abs() < 1e-6);
    let mut port = open(&simulator.path());
    port.write_all(b":Sr03:00:00#:Sd+20*00:00#:CM#").unwrap();
    simulator
        .wire()
        .wait_for(|frame| frame.request == ":CM#", PATIENCE)
        .unwrap();
    let after = simulator.pointing();
    assert!((after.dec - before.dec).abs() < 1e-6);
    assert_eq!(simulator.wire().received(), 3);
}
