//! The administrator at the host's own machine.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use serde_json::{Value, json};
use slewgate_tests::{Observatory, PATIENCE, Setup, orders};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_local_socket_is_its_owners_alone() {
    let observatory = Observatory::start();
    let socket = observatory.data().join("host.sock");
    let mode = socket.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[tokio::test]
async fn the_administrator_stops_what_clients_move() {
    let observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    let jog = json!({ "direction": "north", "rate": "find", "lease_ms": 10_000 });
    client.call("mount.jog", jog).await.unwrap();
    observatory.wait("motion", || {
        observatory.mount().state().moving.then_some(())
    });
    let stopped = observatory.run(&["stop"]);
    assert_eq!(
        (stopped.status.code(), said(&stopped).trim()),
        (Some(0), "stopped")
    );
    let wire = observatory.mount().wire();
    wire.wait_for(|frame| frame.request == ":Q#", PATIENCE)
        .unwrap();
    assert_eq!(orders(&wire), [":Mn#", ":Q#"]);
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
    let event = observatory.wait_for_security_event(|event| event["event"] == "motion_stop");
    assert_eq!(event["subject"], "mount");
    assert_eq!(event["reason"], "asked by the administrator");
    let stopped = observatory.run(&["stop", "--json"]);
    let stopped: Value = serde_json::from_slice(&stopped.stdout).unwrap();
    assert_eq!(stopped, json!({ "stopped": ["mount"] }));
}

#[tokio::test]
async fn a_stop_that_reaches_no_device_fails_and_names_the_table() {
    let mut observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    client.call("mount.status", json!({})).await.unwrap();
    observatory.unplug();
    let failed = observatory.run(&["stop"]);
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    assert_eq!(said(&failed), "");
    let complaint = complained(&failed);
    assert!(
        complaint.contains("mount: the stop did not reach the hardware"),
        "{complaint}"
    );
    let event = observatory.wait_for_security_event(|event| event["event"] == "motion_stop");
    let reason = event["reason"].as_str().unwrap();
    assert!(reason.contains("did not reach the hardware"), "{reason}");
}

#[test]
fn verbs_for_a_running_host_say_that_none_is_running() {
    let mut observatory = Observatory::start();
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));
    let failed = observatory.run(&["plugin", "list"]);
    assert_eq!(failed.status.code(), Some(1));
    let complaint = complained(&failed);
    let named = format!("no host is running on {}", observatory.data().display());
    assert!(complaint.contains(&named), "{complaint}");
}

#[test]
fn the_list_of_plugins_is_for_people_and_for_programs() {
    let observatory = Observatory::start();
    let text = said(&observatory.run(&["plugin", "list"]));
    let mut lines = text.lines();
    let head: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    let columns = "NAME KIND STATE GENERATION DIGEST SINCE CALLS FAILURES P50 P99 MEMORY";
    assert_eq!(head.join(" "), columns);
    let rows: Vec<Vec<_>> = lines
        .map(|line| line.split_whitespace().collect())
        .collect();
    for row in [
        ["mount", "handler"],
        ["observer", "policy"],
        ["telescope", "policy"],
    ] {
        let found = rows.iter().find(|found| found[..2] == row);
        let found = found.unwrap_or_else(|| panic!("{row:?} is not in:\n{text}"));
        assert_eq!(found[2], "serving");
        assert_eq!(found[4].len(), 12, "the first digits of a digest: {text}");
    }
    let json = observatory.run(&["plugin", "list", "--json"]).stdout;
    let reports: Value = serde_json::from_slice(&json).unwrap();
    let mount = reports
        .as_array()
        .unwrap()
        .iter()
        .find(|report| report["name"] == "mount");
    assert_eq!(mount.unwrap()["state"], "serving");
    assert_eq!(mount.unwrap()["digest"].as_str().unwrap().len(), 64);
    let usage = &mount.unwrap()["usage"];
    assert_eq!(usage["failures"], 0, "{usage}");
    assert!(usage["calls"].as_u64() >= Some(1), "{usage}");
}

#[test]
fn the_list_of_plugins_tells_what_is_wrong_with_a_file() {
    let observatory = Observatory::start();
    let file = observatory.data().join("policies/observer.wasm");
    std::fs::write(file, b"no component").unwrap();
    let text = observatory.wait("news of the file", || {
        let text = said(&observatory.run(&["plugin", "list"]));
        text.contains("failed at").then_some(text)
    });
    assert!(
        text.contains("observer: the newest file failed at parse: "),
        "{text}"
    );
    assert!(text.contains("serving"), "what served goes on: {text}");
}
