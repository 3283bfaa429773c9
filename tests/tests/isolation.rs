//! Hostile plugins in a host that serves others: each is ended, its client is told and finds it in the log, and nobody else notices.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_tests::{Client, Holdings, Observatory, Setup, long};

/// What a command tries, and the code that its client gets.
const ACTS: [(&str, &str, i64); 15] = [
    ("hostile", "loops", -32007),
    ("hostile", "fills", -32007),
    ("hostile", "copies", -32007),
    ("hostile", "hoards", -32007),
    ("hostile", "recurses", -32603),
    ("hostile", "traps", -32603),
    ("hostile", "bombs", -32603),
    ("hostile", "opens", -32603),
    ("hostile", "waits", -32007),
    ("hostile", "listens", -32007),
    ("hostile", "sleeps", -32007),
    ("roomy", "publishes", -32603),
    ("roomy", "pours", -32603),
    ("roomy", "rambles", -32603),
    ("roomy", "nests", -32603),
];

/// What a policy tries, for a client of this id.
const DECISIONS: [&str; 8] = [
    "loops", "fills", "copies", "hoards", "recurses", "traps", "bombs", "sleeps",
];

/// Rounds of all acts, after the first.
const ROUNDS: usize = 100;

/// What the host may hold more than after the first round, in KiB: allocators do not give all back.
const SLACK: u64 = 64 << 10;

/// The peer of a line that says nothing, and a host with the hostile components. Failures lead to no quarantine before there are so
/// many, from which nothing comes back by itself in the time of a test.
fn observatory(failures: u32) -> (TcpListener, Observatory) {
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!(
        r#"
[command]
frames_per_second = 1_000_000
bytes_per_second = 1_000_000_000
[engine]
quarantine_failures = {failures}
quarantine_apart_ms = 0
quarantine_ms = 3_600_000
quarantine_most_ms = 3_600_000
[lines.east]
[lines.silent]
device = "tcp://{}"
[plugins.mount]
[plugins.hostile]
component = "hostile.wasm"
lines = {{ port = "silent" }}
limits = "off"
wait_ms = 200
memory_mib = 64
[plugins.roomy]
component = "hostile.wasm"
compute_ms = 5_000
memory_mib = 1_024
[plugins.never]
component = "hostile.wasm"
settings = {{ at = "configure", does = "loops" }}
"#,
        peer.local_addr().unwrap()
    );
    let observatory = Setup::default()
        .config(&config)
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .component("hostile", "handlers/hostile.wasm")
        .component("hostile-policy", "policies/hostile.wasm")
        .start();
    (peer, observatory)
}

/// A command that does this.
async fn act(client: &mut Client, plugin: &str, does: &str) -> Result<Value, Value> {
    let params = json!({ "does": does });
    client.call(&format!("{plugin}.acts"), params).await
}

/// The log tells of the incident that the client was told.
fn is_in_the_log(observatory: &Observatory, error: &Value) {
    let incident = error["data"]["incident"]
        .as_str()
        .unwrap_or_else(|| panic!("{error}"));
    observatory.told(&[&format!("\"incident\":\"{incident}\"")]);
}

/// All that is hostile, once: how long each act took.
async fn round(client: &mut Client, judged: &mut [Client]) -> Vec<(Value, Duration)> {
    let mut errors = Vec::new();
    for (plugin, does, code) in ACTS {
        let began = Instant::now();
        let error = act(client, plugin, does).await.unwrap_err();
        assert_eq!(error["code"], code, "{does}: {error}");
        errors.push((error, began.elapsed()));
    }
    act(client, "roomy", "floods").await.unwrap();
    for client in judged {
        let denied = client.call("host.info", json!({})).await.unwrap_err();
        assert_eq!(denied["code"], -32001, "{denied}");
        assert_eq!(denied["data"]["reason"], "the policy failed", "{denied}");
    }
    errors
}

/// A client for each decision that a hostile policy takes.
async fn judged(observatory: &Observatory) -> Vec<Client> {
    let token = observatory.token("hostile");
    let mut clients = Vec::new();
    for id in DECISIONS {
        clients.push(Client::authenticated(observatory.address(), &token, id).await);
    }
    clients
}

#[tokio::test]
async fn each_hostile_plugin_is_ended_its_client_finds_it_in_the_log_and_others_are_served() {
    let (_peer, observatory) = observatory(1_000);
    let mut client = observatory.client("telescope").await;
    let mut other = observatory.client("observer").await;
    let mut judged = judged(&observatory).await;
    let mut rounds = 0..100;
    let quiet = ask(&mut other, || rounds.next().is_some()).await;
    let attacks = tokio::spawn(async move { round(&mut client, &mut judged).await });
    let meanwhile = ask(&mut other, || !attacks.is_finished()).await;
    let errors = attacks.await.unwrap();
    for ((_, does, _), (error, took)) in ACTS.iter().zip(&errors) {
        is_in_the_log(&observatory, error);
        println!(
            "{does:<10} is answered with {} after {took:?}",
            error["code"]
        );
    }
    let never = "the component cannot serve, and nothing else does in its place";
    observatory.told(&[never]);
    assert!(meanwhile.len() > 9, "{} answers meanwhile", meanwhile.len());
    println!(
        "p99 of others: {:?} while all is quiet, {:?} meanwhile",
        p99(quiet),
        p99(meanwhile)
    );
}

/// Calls two plugins in turn: how long each answer took.
async fn ask(client: &mut Client, mut on: impl FnMut() -> bool) -> Vec<Duration> {
    let mut took = Vec::new();
    while on() {
        for method in ["host.info", "mount.info"] {
            let began = Instant::now();
            client.call(method, json!({})).await.unwrap();
            took.push(began.elapsed());
        }
    }
    took
}

fn p99(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() * 99 / 100]
}

#[tokio::test]
async fn what_hostile_plugins_took_is_given_back() {
    let (_peer, mut observatory) = observatory(1_000_000);
    let mut client = observatory.client("telescope").await;
    let mut judged = judged(&observatory).await;
    round(&mut client, &mut judged).await;
    let process = observatory.child().id();
    let before = Holdings::of(process);
    for _ in 0..long(ROUNDS) {
        round(&mut client, &mut judged).await;
    }
    observatory.wait("return to what it held", || {
        let after = Holdings::of(process);
        println!("{before:?} after one round, {after:?} now");
        after.is_within(&before, SLACK).then_some(())
    });
}

#[tokio::test]
async fn a_plugin_that_keeps_failing_is_quarantined_until_it_is_released() {
    let (_peer, observatory) = observatory(3);
    let mut client = observatory.client("telescope").await;
    let topics = json!({ "topics": ["plugins"] });
    client.call("events.subscribe", topics).await.unwrap();
    client.event("plugins").await;
    let mut failures = 0;
    // Samples, which go well, make up for some.
    while act(&mut client, "hostile", "traps").await.unwrap_err()["code"] == -32603 {
        failures += 1;
        assert!(failures < 1_000, "it is called again and again");
    }
    assert!(failures >= 3, "{failures}");
    let told = client.swap().await;
    assert_eq!(told["what"], "quarantined", "{told}");
    assert_eq!(told["plugin"]["state"], "quarantined", "{told}");
    let error = act(&mut client, "hostile", "nothing").await.unwrap_err();
    assert_eq!(error["code"], -32007, "{error}");
    assert!(
        error["data"]["retry_after_ms"].as_u64() > Some(1_000_000),
        "{error}"
    );
    is_in_the_log(&observatory, &error);
    client.call("mount.info", json!({})).await.unwrap();
    act(&mut client, "roomy", "nothing").await.unwrap();

    let list = text(&observatory.run(&["plugin", "list"]).stdout);
    assert!(list.contains("slewgate plugin resume hostile"), "{list}");
    let denied = observatory.run(&["plugin", "resume", "mount"]);
    assert!(!denied.status.success(), "{denied:?}");
    let said = text(&denied.stderr);
    assert!(said.contains("mount is not quarantined"), "{said}");
    let released = observatory.run(&["plugin", "resume", "hostile"]);
    assert!(released.status.success(), "{released:?}");
    let told = client.swap().await;
    assert_eq!(told["what"], "released", "{told}");
    assert_eq!(told["plugin"]["usage"]["failures"], failures, "{told}");
    act(&mut client, "hostile", "nothing").await.unwrap();
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
