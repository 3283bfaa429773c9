//! Policies are replaced while everything runs.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, Setup, plugins, test_component};
use tokio::task::JoinSet;

/// Clients that send requests while a policy is replaced.
const CLIENTS: usize = 50;

/// A host whose clients may ask as often as they can, and which compiles what it is given.
fn unlimited() -> Observatory {
    Setup::default()
        .cold()
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .start()
}

fn observer(observatory: &Observatory) -> PathBuf {
    observatory.data().join("policies/observer.wasm")
}

/// A client that hears of plugins from now on.
async fn watcher(observatory: &Observatory, client_type: &str) -> Client {
    let mut client = observatory.client(client_type).await;
    let topics = json!({ "topics": ["plugins"] });
    client.call("events.subscribe", topics).await.unwrap();
    let first = client.event("plugins").await;
    assert!(first["data"]["plugins"].is_array(), "{first}");
    client
}

/// The next that is heard of the observers' policy, but what becomes of calls of the one before.
async fn news(client: &mut Client) -> Value {
    loop {
        let news = client.event("plugins").await["data"].take();
        assert_eq!(news["plugin"]["name"], "observer", "{news}");
        if news["what"] != "draining" && news["what"] != "drained" {
            return news;
        }
    }
}

/// Why the client may not park.
async fn refused_to_park(client: &mut Client) -> String {
    let refused = client.call("mount.park", json!({})).await.unwrap_err();
    assert_eq!(refused["code"], -32001, "{refused}");
    refused["data"]["reason"].as_str().unwrap().to_owned()
}

/// Asks and asks until it is told to stop: what failed, which is nothing. Counts what succeeded.
async fn ask(mut client: Client, stop: Arc<AtomicBool>, answered: Arc<AtomicU64>) -> Vec<Value> {
    let mut failed = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match client.call("host.info", json!({})).await {
            Ok(_) => _ = answered.fetch_add(1, Ordering::Relaxed),
            Err(error) => failed.push(error),
        }
    }
    failed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_is_replaced_while_fifty_clients_ask_and_nobody_notices() {
    let observatory = unlimited();
    let mut watcher = watcher(&observatory, "observer").await;
    let token = observatory.token("observer");
    let (stop, mut asking) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    let answered: Vec<_> = (0..CLIENTS).map(|_| Arc::new(AtomicU64::new(0))).collect();
    for (number, answered) in answered.iter().enumerate() {
        let id = format!("client-{number}");
        let client = Client::authenticated(observatory.address(), &token, &id).await;
        asking.spawn(ask(client, Arc::clone(&stop), Arc::clone(answered)));
    }
    let counts = || answered.iter().map(|count| count.load(Ordering::Relaxed));
    let all_have_answers_beyond = |before: &[u64]| {
        observatory.wait("answer for each client", || {
            counts()
                .zip(before)
                .all(|(now, before)| now > *before)
                .then_some(())
        });
    };
    all_have_answers_beyond(&[0; CLIENTS]);
    let reason = refused_to_park(&mut watcher).await;
    assert_eq!(reason, "an observer may look, not move anything");

    fs::copy(test_component("observer-parks"), observer(&observatory)).unwrap();
    let written = Instant::now();
    let news = news(&mut watcher).await;
    let parked = watcher.call("mount.park", json!({})).await;
    let in_force = written.elapsed();

    assert_eq!(news["what"], "published", "{news}");
    assert!(parked.is_ok(), "{parked:?}");
    all_have_answers_beyond(&counts().collect::<Vec<_>>());
    stop.store(true, Ordering::Relaxed);
    let failed = asking.join_all().await.concat();
    assert!(failed.is_empty(), "{failed:?}");
    println!(
        "a policy written is in force, and was asked, after {} ms; {} requests of {CLIENTS} clients were answered",
        in_force.as_millis(),
        counts().sum::<u64>()
    );
}

#[tokio::test]
async fn each_step_on_the_way_of_a_new_policy_is_told() {
    let observatory = unlimited();
    let mut watcher = watcher(&observatory, "observer").await;
    fs::copy(test_component("observer-parks"), observer(&observatory)).unwrap();
    let published = news(&mut watcher).await["plugin"].take();
    assert!(published["attempt"].is_null(), "{published}");
    let detected = watcher.step().await["attempt"].take();
    assert_eq!(detected["stage"], "detected", "{detected}");
    for stage in ["trust", "parse", "compile", "link", "probe"] {
        let step = watcher.step().await;
        assert_eq!(step["state"], "serving", "the old one does: {step}");
        let attempt = &step["attempt"];
        assert_eq!(attempt["stage"], stage, "{step}");
        assert_eq!(attempt["digest"], published["digest"], "{step}");
        if stage != "trust" {
            assert_eq!(attempt["generation"], published["generation"], "{step}");
        }
    }
}

#[tokio::test]
async fn what_a_new_policy_allows_beyond_the_old_one_is_told_and_logged() {
    let observatory = unlimited();
    let mut watcher = watcher(&observatory, "observer").await;
    fs::copy(test_component("observer-parks"), observer(&observatory)).unwrap();
    assert_eq!(news(&mut watcher).await["what"], "published");
    let widened = news(&mut watcher).await;
    assert_eq!(widened["what"], "widened", "{widened}");
    assert_eq!(widened["widens"], json!(["mount.park"]));
    observatory.wait_for_security_event(is_widened);
    let narrower = fs::read(plugins().join("policies/observer.wasm")).unwrap();
    fs::write(observer(&observatory), narrower).unwrap();
    assert_eq!(news(&mut watcher).await["what"], "published");
    fs::copy(test_component("observer-parks"), observer(&observatory)).unwrap();
    assert_eq!(
        news(&mut watcher).await["what"],
        "published",
        "narrowing is no news"
    );
}

#[test]
fn a_policy_that_was_widened_while_no_host_ran_is_told_and_recorded_at_the_start() {
    let mut observatory = Setup::default().start();
    let kept = observatory.data().join("state/allowed.json");
    observatory.wait("word of what is allowed", || kept.exists().then_some(()));
    observatory.child().kill().unwrap();
    observatory.child().wait().unwrap();
    fs::copy(test_component("observer-parks"), observer(&observatory)).unwrap();
    observatory.restart();
    observatory.told(&["WARN", "may do more", "mount.park"]);
    let recorded = observatory.wait_for_security_event(is_widened);
    assert_eq!(recorded["subject"], "policy observer", "{recorded}");
    assert_eq!(recorded["reason"], "widened mount.park", "{recorded}");
}

fn is_widened(event: &Value) -> bool {
    event["event"] == "plugin_swap"
        && event["reason"]
            .as_str()
            .is_some_and(|reason| reason.starts_with("widened") && reason.ends_with("mount.park"))
}

#[tokio::test]
async fn what_is_no_policy_leaves_the_old_one_and_says_where_it_failed_and_why() {
    let observatory = unlimited();
    let mut client = watcher(&observatory, "observer").await;
    let whole = fs::read(test_component("observer-parks")).unwrap();
    let handler = fs::read(plugins().join("handlers/lx200.wasm")).unwrap();
    let broken: [(&[u8], _, _); 4] = [
        (&whole[..whole.len() / 2], "parse", "it is truncated"),
        (b"#!/bin/sh\n", "parse", "it is not WASM"),
        (
            b"\0asm\x01\0\0\0",
            "parse",
            "it is a core module, not a component",
        ),
        (
            &handler,
            "link",
            "it is a handler, and this is the place of a policy",
        ),
    ];
    for (bytes, stage, cause) in broken {
        fs::write(observer(&observatory), bytes).unwrap();
        let news = news(&mut client).await;
        assert_eq!(news["what"], "failed", "{news}");

        let reports = client.call("host.plugins", json!({})).await.unwrap();
        let mut reports = reports.as_array().unwrap().iter();
        let report = reports.find(|report| report["name"] == "observer").unwrap();
        assert_eq!(report["state"], "serving", "{report}");
        assert_eq!(report["candidate"]["stage"], stage, "{report}");
        let said = report["candidate"]["cause"].as_str().unwrap();
        assert!(said.contains(cause), "{said}");
        observatory.told(&["cannot serve", cause]);
        let reason = refused_to_park(&mut client).await;
        assert_eq!(reason, "an observer may look, not move anything");
    }
}

#[tokio::test]
async fn a_component_that_cannot_serve_where_none_did_is_an_error_in_the_log() {
    let observatory = unlimited();
    fs::write(observatory.data().join("policies/guest.wasm"), "#!/bin/sh").unwrap();
    observatory.told(&["ERROR", "guest", "nothing else does"]);
}

#[tokio::test]
async fn without_their_policy_clients_are_denied_everything_until_it_is_back() {
    let observatory = unlimited();
    // Who has no policy any more hears no news either.
    let mut watcher = watcher(&observatory, "telescope").await;
    let mut client = observatory.client("observer").await;
    fs::remove_file(observer(&observatory)).unwrap();
    assert_eq!(news(&mut watcher).await["what"], "removed");
    for method in ["host.info", "mount.status", "mount.park"] {
        let denied = client.call(method, json!({})).await.unwrap_err();
        assert_eq!(denied["code"], -32001, "{denied}");
        assert_eq!(
            denied["data"]["reason"], "there is no policy for clients of type observer",
            "{denied}"
        );
    }
    let stop = client.call("mount.stop", json!({})).await.unwrap_err();
    assert_eq!(stop["code"], -32001, "{stop}");

    fs::copy(
        plugins().join("policies/observer.wasm"),
        observer(&observatory),
    )
    .unwrap();
    assert_eq!(news(&mut watcher).await["what"], "published");
    client.call("host.info", json!({})).await.unwrap();
    let reason = refused_to_park(&mut client).await;
    assert_eq!(reason, "an observer may look, not move anything");
}
