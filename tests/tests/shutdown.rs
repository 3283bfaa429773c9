//! The end of the host, as it should be and as it should not.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::Instant;

use serde_json::{Value, json};
use slewgate_tests::{Observatory, PATIENCE, Setup, orders};

/// When the bytes of the stop were with the device, to the millisecond.
fn stopped(observatory: &Observatory) -> String {
    let line: Value = serde_json::from_str(&observatory.told(&["stopped the motion"])).unwrap();
    line["timestamp"].as_str().unwrap()[..23].to_owned()
}

/// When the session was closed.
fn left(observatory: &Observatory) -> String {
    let closed = observatory.wait_for_security_event(|event| event["event"] == "closed");
    closed["time"].as_str().unwrap()[..23].to_owned()
}

/// The host is told to end while `method` moves the mount.
async fn ends_while(method: &str, params: Value) {
    let mut observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    client.call(method, params).await.unwrap();
    observatory.wait("motion", || {
        observatory.mount().state().moving.then_some(())
    });
    let told = Instant::now();
    observatory.terminate();
    let closed = client.closed().await;
    assert_eq!(closed.code, Some(1001), "{closed:?}");
    let wire = observatory.mount().wire();
    let stop = wire.wait_for(|frame| frame.request == ":Q#", PATIENCE);
    let stop = stop.expect("the motion is stopped");
    assert_eq!(observatory.exit_code(), Some(0));
    assert!(told.elapsed() < PATIENCE);
    let (stopped, left) = (stopped(&observatory), left(&observatory));
    assert!(stopped <= left, "stopped at {stopped}, left at {left}");
    println!(
        "SIGTERM: stopped after {:?}, ended after {:?}",
        stop.at - told,
        told.elapsed()
    );
    assert!(!observatory.data().join("host.sock").exists());
    let orders = orders(&wire);
    assert_eq!(orders.last().unwrap(), ":Q#", "{orders:?}");
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
}

#[tokio::test]
async fn a_jog_is_stopped_before_the_clients_of_an_ending_host_are_told() {
    let jog = json!({ "direction": "north", "rate": "find", "lease_ms": 10_000 });
    ends_while("mount.jog", jog).await;
}

#[tokio::test]
async fn a_slew_is_stopped_before_the_clients_of_an_ending_host_are_told() {
    ends_while("mount.goto", json!({ "altitude": 20, "azimuth": 90 })).await;
}

#[tokio::test]
async fn a_host_that_ends_leaves_a_mount_alone_that_nobody_moves() {
    let mut observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    client.call("mount.status", json!({})).await.unwrap();
    observatory.terminate();
    assert_eq!(client.closed().await.code, Some(1001));
    assert_eq!(observatory.exit_code(), Some(0));
    assert!(orders(&observatory.mount().wire()).is_empty());
}

#[tokio::test]
async fn what_a_killed_host_left_is_taken_over() {
    let mut observatory = Observatory::start();
    let socket = observatory.data().join("host.sock");
    observatory.restart();
    assert!(fs::symlink_metadata(&socket).is_ok());
    let listed = observatory.run(&["plugin", "list"]);
    assert!(listed.status.success(), "{listed:?}");
}

#[tokio::test]
async fn a_second_host_on_a_directory_is_refused_and_the_first_goes_on() {
    let mut observatory = Observatory::start();
    let process = observatory.child().id();
    let mut client = observatory.client("telescope").await;
    let second = Setup::default()
        .command(observatory.data())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    let said = String::from_utf8(second.stderr).unwrap();
    let named = format!(
        "another host (process {process}) is running on {}",
        observatory.data().display()
    );
    assert!(said.contains(&named), "{said}");
    client.call("host.info", json!({})).await.unwrap();
    assert!(observatory.run(&["plugin", "list"]).status.success());
}

#[tokio::test]
async fn a_host_whose_terminal_is_gone_stops_the_mount() {
    let mut observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    let jog = json!({ "direction": "east", "rate": "slew", "lease_ms": 10_000 });
    client.call("mount.jog", jog).await.unwrap();
    observatory.wait("motion", || {
        observatory.mount().state().moving.then_some(())
    });
    observatory.hang_up();
    assert_eq!(observatory.exit_code(), Some(0));
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
}

/// As systemd hears it.
#[tokio::test]
async fn a_service_manager_hears_that_the_host_serves_that_it_lives_and_that_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let hears = || {
        let mut said = [0; 256];
        let length = manager.recv(&mut said).unwrap();
        String::from_utf8(said[..length].to_vec())
            .unwrap()
            .trim_end()
            .to_owned()
    };
    let mut observatory = Setup::default()
        .variable("NOTIFY_SOCKET", path.to_str().unwrap())
        .variable("WATCHDOG_USEC", "300000")
        .start();
    // It may say that it lives a moment before it says that it serves.
    let mut first = vec![hears()];
    while first.last().unwrap() != "READY=1" {
        first.push(hears());
    }
    assert!(first.len() < 4, "{first:?}");
    for _ in 0..3 {
        assert_eq!(hears(), "WATCHDOG=1");
    }
    observatory.terminate();
    let mut said = hears();
    while said == "WATCHDOG=1" {
        said = hears();
    }
    assert_eq!(said, "STOPPING=1");
    assert_eq!(observatory.exit_code(), Some(0));
}
