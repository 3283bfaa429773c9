//! A device that is gone, and comes back.

use crate::port::{DATE, PATIENCE, Port, add, settings, simulator};
use slewgate_simulator::{Lx200Settings, Simulator};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A mount behind a link.
fn linked() -> (TempDir, PathBuf, Simulator) {
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("mount");
    let simulator = Simulator::start_lx200(Lx200Settings {
        link: Some(link.clone()),
        ..settings()
    });
    (directory, link, simulator.unwrap())
}

#[test]
fn the_device_is_gone_and_the_link_leads_to_it_again_once_it_is_back() {
    let (_directory, link, simulator) = linked();
    let mut port = Port::open(&link);
    port.hold(":GC#", DATE);
    let before = fs::read_link(&link).unwrap();
    let fault = add(&simulator, "disconnect=10m");
    assert!(port.sees_it_gone());
    assert!(!before.exists() && !link.exists(), "nobody has its name");
    assert_eq!(simulator.faults().list().len(), 1, "it is wrong still");
    assert_eq!(fault.hits(), 1);

    simulator.faults().clear();
    assert!(simulator.device().wait_for_opening(2, PATIENCE));
    assert_eq!(simulator.path(), link);
    Port::open(&link).hold(":GC#", DATE);
    assert_eq!(simulator.wire().received(), 2, "it is the same mount");
    assert!(
        port.sees_it_gone(),
        "what was open before is not open again"
    );
}

#[test]
fn it_comes_back_by_itself_under_another_name() {
    let simulator = simulator();
    let mut port = Port::of(&simulator);
    let before = simulator.path();
    add(&simulator, "disconnect=200ms");
    assert!(port.sees_it_gone());
    assert!(
        !simulator
            .device()
            .wait_for_opening(3, std::time::Duration::ZERO)
    );
    assert!(simulator.device().wait_for_opening(2, PATIENCE));
    assert_ne!(simulator.path(), before);
    Port::of(&simulator).hold(":GC#", DATE);
    assert!(simulator.faults().list().is_empty());
}

#[test]
fn it_goes_once_a_request_is_heard_and_before_its_reply() {
    let simulator = simulator();
    let mut port = Port::of(&simulator);
    add(&simulator, "disconnect=100ms,match=:MS");
    port.hold(":GC#:Sr03:00.0#:Sd+35*00#", &format!("{DATE}11"));
    port.write(b":MS#:GC#");
    assert!(port.sees_it_gone());
    assert!(simulator.state().slewing, "it was told");
    assert_eq!(
        simulator.wire().received(),
        4,
        "what came behind it was lost"
    );
    assert!(simulator.device().wait_for_opening(2, PATIENCE));
    Port::of(&simulator).hold(":MS#:GC#", &format!("0{DATE}"));
    assert!(
        !simulator
            .device()
            .wait_for_opening(3, std::time::Duration::ZERO),
        "once is enough"
    );
}

#[test]
fn a_mount_that_is_gone_can_end() {
    let (directory, link, simulator) = linked();
    let mut port = Port::open(&link);
    add(&simulator, "disconnect=1h");
    assert!(port.sees_it_gone());
    drop(simulator);
    assert!(link.symlink_metadata().is_err());
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_link_that_leads_elsewhere_by_then_is_left_alone() {
    let (_directory, link, simulator) = linked();
    let mut port = Port::open(&link);
    add(&simulator, "disconnect=1h");
    assert!(port.sees_it_gone());
    let other = Simulator::start_lx200(Lx200Settings {
        link: Some(link.clone()),
        ..settings()
    });
    let led = fs::read_link(&link).unwrap();
    simulator.faults().clear();
    assert!(simulator.device().wait_for_opening(2, PATIENCE));
    assert_eq!(fs::read_link(&link).unwrap(), led);
    drop(other);
}
