//! `[alarms] command` hears of what somebody should look at.

use std::fs;

use serde_json::{Value, json};
use slewgate_tests::{Identity, Observatory, Setup};

/// A host whose alarms go through this shell command, which runs in the data directory.
fn with(command: &str) -> Observatory {
    let config = format!("[alarms]\ncommand = [\"sh\", \"-c\", {command:?}]");
    Setup::default().config(&config).start()
}

/// Which is an alarm.
fn spoil_tokens(observatory: &Observatory, text: &str) {
    fs::write(observatory.data().join("api_tokens.json"), text).unwrap();
}

fn told(observatory: &Observatory) -> Vec<Value> {
    let text = fs::read_to_string(observatory.data().join("told.jsonl")).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn one_of_a_kind_is_told_a_minute_whatever_its_details_and_another_kind_at_once() {
    let identity = Identity::make();
    let command = "[alarms]\ncommand = [\"sh\", \"-c\", \"cat >> told.jsonl\"]";
    let setup = Setup::default().config(&identity.table());
    let observatory = setup.config(command).start();
    observatory.token("telescope");
    spoil_tokens(&observatory, "{");
    let first = observatory.wait("alarm", || told(&observatory).first().cloned());
    assert_eq!(first["event"], "alarm");
    let reason = first["reason"].as_str().unwrap();
    assert!(reason.contains("api_tokens.json"), "{first}");
    // Of the same kind, at another place of the file, and then something else.
    spoil_tokens(&observatory, "\n\n{");
    observatory.wait_for_security_event(|event| {
        event["event"] == "alarm" && event["reason"] != first["reason"]
    });
    fs::write(identity.certificate(), "no certificate").unwrap();
    let told = observatory.wait("another alarm", || {
        let told = told(&observatory);
        (told.len() > 1).then_some(told)
    });
    assert_eq!(told.len(), 2, "{told:?}");
    let reason = told[1]["reason"].as_str().unwrap();
    assert!(reason.contains("certificate"), "{told:?}");
}

#[tokio::test]
async fn a_command_that_fails_or_hangs_is_told_of_and_keeps_nobody() {
    let observatory = with("exit 3");
    let mut client = observatory.client("telescope").await;
    spoil_tokens(&observatory, "{");
    observatory.told(&["[alarms] command: it failed: exit status: 3"]);
    client.call("host.info", json!({})).await.unwrap();

    let mut observatory = with("exec sleep 1000");
    let mut client = observatory.client("telescope").await;
    spoil_tokens(&observatory, "{");
    observatory.wait_for_security_event(|event| event["event"] == "alarm");
    client.call("host.info", json!({})).await.unwrap();
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));

    let nowhere = "[alarms]\ncommand = [\"/no/such/program\"]";
    let observatory = Setup::default().config(nowhere).start();
    observatory.token("telescope");
    spoil_tokens(&observatory, "{");
    observatory.told(&["[alarms] command: it does not start", "No such file"]);
}
