//! The host is gone, or hangs, while the mount moves: what stops it then.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, orders};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A host whose client jogs the mount.
async fn jogging() -> (Observatory, Client) {
    let jog = json!({ "direction": "north", "rate": "find", "lease_ms": 10_000 });
    moving("mount.jog", jog).await
}

/// A host whose client moves the mount so.
async fn moving(method: &str, params: Value) -> (Observatory, Client) {
    moving_by(Setup::default(), method, params).await
}

async fn moving_by(setup: Setup, method: &str, params: Value) -> (Observatory, Client) {
    let observatory = setup.own_mount().start();
    let mut client = observatory.client("telescope").await;
    client.call(method, params).await.unwrap();
    wait(&observatory, true);
    assert!(marker(&observatory).exists());
    (observatory, client)
}

fn wait(observatory: &Observatory, moving: bool) {
    observatory.wait(if moving { "motion" } else { "rest" }, || {
        (observatory.mount().state().moving == moving).then_some(())
    });
}

fn signal(observatory: &mut Observatory, signal: Signal) {
    kill_process(Pid::from_child(observatory.child()), signal).unwrap();
}

fn kill(observatory: &mut Observatory) {
    observatory.child().kill().unwrap();
    observatory.child().wait().unwrap();
    assert!(observatory.mount().state().moving);
}

fn marker(observatory: &Observatory) -> PathBuf {
    observatory.data().join("state/lines/east.moving")
}

fn alarms(observatory: &Observatory) -> usize {
    let log = observatory.security_log();
    let ours = |event: &&Value| event["event"] == "alarm" && event["subject"] == "east";
    log.iter().filter(ours).count()
}

#[tokio::test]
async fn what_a_killed_host_moved_is_stopped_without_it() {
    let (mut observatory, _client) = jogging().await;
    kill(&mut observatory);
    let stopped = observatory.run(&["stop"]);
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    let device = observatory.mount().path().display().to_string();
    assert_eq!(
        said(&stopped).trim(),
        format!("east: sent :Q# to {device}, which it does not answer")
    );
    assert!(complained(&stopped).contains("no host is running on"));
    wait(&observatory, false);
    assert_eq!(orders(&observatory.mount().wire()), [":Mn#", ":Q#"]);
    observatory.restart();
    assert_eq!(alarms(&observatory), 0, "nothing was left");
}

#[tokio::test]
async fn a_host_that_starts_stops_first_of_all_what_the_one_before_left_moving() {
    for (method, params) in [
        ("mount.goto", json!({ "altitude": 20, "azimuth": 90 })),
        (
            "mount.jog",
            json!({ "direction": "west", "rate": "find", "lease_ms": 10_000 }),
        ),
    ] {
        let (mut observatory, _client) = moving(method, params).await;
        let wire = observatory.mount().wire();
        kill(&mut observatory);
        let before = wire.frames().last().unwrap().number;
        observatory.restart();
        let stop = wire.wait_for(
            |frame| frame.number > before && frame.request == ":Q#",
            PATIENCE,
        );
        // One request of the host that was killed may still have lain in the terminal.
        assert!(stop.unwrap().number <= before + 2, "{method}");
        wait(&observatory, false);
        let alarm = observatory.wait_for_security_event(|event| {
            event["event"] == "alarm" && event["subject"] == "east"
        });
        let why = "the host before ended while something moved";
        assert_eq!(alarm["reason"], why);
        let stop = observatory.wait_for_security_event(|event| event["event"] == "motion_stop");
        assert_eq!(stop["reason"], "left moving by the host before");
        observatory.wait("rest on disk", || {
            (!marker(&observatory).exists()).then_some(())
        });
    }
}

#[tokio::test]
async fn what_was_left_moving_is_told_to_stand_until_it_is_seen_to() {
    // So that nothing but the stop that is owed ends it.
    let mount = "[plugins.mount]\ncomponent = \"lx200.wasm\"\nlines = { port = \"east\" }\nrunaway = \"tell\"\nlimits = \"off\"";
    let setup = Setup::default().config(mount);
    let jog = json!({ "direction": "north", "rate": "center", "lease_ms": 10_000 });
    let (mut observatory, _client) = moving_by(setup, "mount.jog", jog).await;
    kill(&mut observatory);
    let lost = "drop,what=request,match=:Q#,next=1".parse().unwrap();
    let lost = observatory.mount().faults().add(lost);
    observatory.restart();
    observatory.wait("rest on disk", || {
        let marked = marker(&observatory).exists();
        (!marked).then(|| assert!(!observatory.mount().state().moving))
    });
    assert_eq!(lost.hits(), 1, "one was lost");
}

#[tokio::test]
async fn what_was_left_moving_is_stopped_also_where_its_device_is_configured_no_more() {
    let (mut observatory, _client) = jogging().await;
    kill(&mut observatory);
    let file = observatory.data().join("slewgate.toml");
    let device = observatory.mount().path().display().to_string();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(&device, "/dev/none")).unwrap();
    observatory.restart();
    wait(&observatory, false);
    observatory.wait_for_security_event(|event| event["event"] == "motion_stop");
    assert_eq!(alarms(&observatory), 1);
    assert_eq!(orders(&observatory.mount().wire()), [":Mn#", ":Q#"]);
}

#[tokio::test]
async fn a_service_stops_what_its_host_left_moving_and_leaves_alone_what_rests() {
    let (mut observatory, _client) = jogging().await;
    kill(&mut observatory);
    let stopped = observatory.run(&["stop", "--unattended", "--json"]);
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    let told: Value = serde_json::from_slice(&stopped.stdout).unwrap();
    assert_eq!(told["host"], "absent");
    assert_eq!(told["lines"][0]["outcome"], "stopped");
    assert_eq!(told["lines"][0]["sent"], ":Q#");
    wait(&observatory, false);
    let again = observatory.run(&["stop", "--unattended"]);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    let nothing = "nothing is unattended: no host left anything moving";
    assert_eq!(said(&again).trim(), nothing);
    assert_eq!(orders(&observatory.mount().wire()), [":Mn#", ":Q#"]);
}

#[tokio::test]
async fn a_host_that_hangs_is_said_to_and_its_mount_is_stopped_past_it() {
    let (mut observatory, _client) = jogging().await;
    signal(&mut observatory, Signal::STOP);
    let stopped = observatory.run(&["stop"]);
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    let complaint = complained(&stopped);
    assert!(
        complaint.contains("did not answer within 2 s and is taken for hung"),
        "{complaint}"
    );
    wait(&observatory, false);
    assert!(
        marker(&observatory).exists(),
        "the host may move it when it goes on"
    );
    signal(&mut observatory, Signal::CONT);
    let stopped = observatory.run(&["stop", "--json"]);
    assert_eq!(said(&stopped).trim(), r#"{"stopped":["mount"]}"#);
}

#[tokio::test]
async fn a_mount_that_is_gone_with_its_host_is_told_with_the_cause() {
    let (mut observatory, _client) = jogging().await;
    kill(&mut observatory);
    observatory.unplug();
    let failed = observatory.run(&["stop"]);
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    let complaint = complained(&failed);
    assert!(
        complaint.contains("east: not stopped: cannot open"),
        "{complaint}"
    );
    assert!(marker(&observatory).exists());
}

#[tokio::test]
async fn a_host_that_ends_as_it_should_leaves_nothing_unattended() {
    let (mut observatory, _client) = jogging().await;
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));
    assert!(!marker(&observatory).exists());
    wait(&observatory, false);
    let stopped = observatory.run(&["stop"]);
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    observatory.wait("a stop that was asked for", || {
        let orders = orders(&observatory.mount().wire());
        (orders == [":Mn#", ":Q#", ":Q#"]).then_some(())
    });
}

/// The first order that the mount ever heard is a stop.
fn is_stopped(observatory: &Observatory) {
    let wire = observatory.mount().wire();
    let stop = wire.wait_for(|frame| frame.request == ":Q#", PATIENCE);
    assert!(stop.is_some());
    assert_eq!(orders(&wire), [":Q#"]);
}

#[tokio::test]
async fn a_marker_goes_when_motion_ends_by_itself() {
    let (observatory, mut client) = jogging().await;
    client.call("mount.stop", json!({})).await.unwrap();
    observatory.wait("rest on disk", || {
        (!marker(&observatory).exists()).then_some(())
    });
    let looked = observatory.run(&["stop", "--unattended"]);
    let nothing = "nothing is unattended: a host looks after them";
    assert_eq!(said(&looked).trim(), nothing);
}

#[test]
fn a_simulated_mount_ended_with_its_host() {
    let mut observatory = Observatory::start().attached();
    observatory.child().kill().unwrap();
    observatory.child().wait().unwrap();
    let stopped = observatory.run(&["stop"]);
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    let told = "east: simulated, and ended with its host";
    assert_eq!(said(&stopped).trim(), told);
}

#[tokio::test]
async fn a_stop_works_before_any_plugin_was_loaded_where_the_configuration_has_one() {
    let without = |stop: Option<&str>| {
        let setup = Setup::default()
            .own_mount()
            .config("[plugins.mount]\ncomponent = \"missing.wasm\"\nlines = { port = \"east\" }");
        match stop {
            Some(stop) => setup.variable("SLEWGATE_LINES__EAST__STOP", stop).start(),
            None => setup.start(),
        }
    };
    let observatory = without(Some(":Q#"));
    let mut client = observatory.client("telescope").await;
    let stopped = client.call("mount.stop", json!({})).await.unwrap();
    assert_eq!(stopped, json!({ "stopped": true }));
    is_stopped(&observatory);

    let observatory = without(None);
    let mut client = observatory.client("telescope").await;
    let refused = client.call("mount.stop", json!({})).await.unwrap_err();
    assert_eq!(refused["data"]["outcome"], "not_started", "{refused}");
    assert!(orders(&observatory.mount().wire()).is_empty());
}

#[tokio::test]
async fn the_last_word_of_a_plugin_outlasts_the_host_and_the_plugin() {
    let mut observatory = Setup::default().own_mount().start().attached();
    let known = observatory.data().join("state/lines/east.json");
    observatory.wait("the last word", || {
        let text = fs::read_to_string(&known).unwrap_or_default();
        text.contains(":Q#").then_some(())
    });
    fs::remove_file(observatory.data().join("handlers/lx200.wasm")).unwrap();
    observatory.restart();
    let mut client = observatory.client("telescope").await;
    let stopped = client.call("mount.stop", json!({})).await.unwrap();
    assert_eq!(stopped, json!({ "stopped": true }));
    is_stopped(&observatory);
}

#[tokio::test]
async fn a_transcript_has_every_byte_with_the_call_that_sent_it() {
    let observatory = Setup::default()
        .own_mount()
        .variable("SLEWGATE_LINES__EAST__TRANSCRIPT", "true")
        .start();
    let mut client = observatory.client("telescope").await;
    let goto = json!({ "altitude": 20, "azimuth": 90 });
    client.call("mount.goto", goto).await.unwrap();
    client.call("mount.stop", json!({})).await.unwrap();
    let file = observatory.data().join("transcripts/east.jsonl");
    let lines = observatory.wait("the stop in the transcript", || {
        let text = fs::read_to_string(&file).ok()?;
        let lines = text.lines().map(serde_json::from_str::<Value>);
        let lines: Vec<Value> = lines.map_while(Result::ok).collect();
        lines
            .iter()
            .any(|line| line["by"] == "stop")
            .then_some(lines)
    });
    assert_eq!(lines[0]["transcript"], 1);
    assert_eq!(lines[0]["line"], "east");
    let by = |who: &str, text: &str| {
        let sent = |line: &&Value| line["by"] == who && line["text"] == text;
        assert!(
            lines.iter().any(|line| sent(&line)),
            "{who} {text}: {lines:?}"
        );
    };
    by("mount attach", ":GVP#");
    by("mount handle goto", ":MS#");
    by("stop", ":Q#");
    // What passed is what the mount heard, which shows each byte as the character of its number.
    let bytes = |line: &Value| -> String {
        let digits = line["bytes"].as_str().unwrap().as_bytes();
        let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
        digits.chunks(2).map(|two| char::from(byte(two))).collect()
    };
    let sent = lines.iter().filter(|line| line["dir"] == "out").map(bytes);
    let sent: String = sent.collect();
    let wire = observatory.mount().wire();
    observatory.wait("all of it at the mount", || {
        let heard = wire.frames().into_iter().map(|frame| frame.request);
        heard.collect::<String>().starts_with(&sent).then_some(())
    });
}
