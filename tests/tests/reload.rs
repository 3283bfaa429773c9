//! Handlers are replaced while everything runs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};
use slewgate_tests::{Builds, Client, Observatory, Setup, long, orders};
use tokio::task::JoinSet;

const RELOADS: usize = 200;

/// Requests that one client has under way.
const AHEAD: usize = 4;

/// Mounts that one component serves: each has a line of its own, because the end of a jog may cut what others write there.
const MOUNTS: &str = r#"
[lines.east]
device = "simulator:lx200"
[lines.west]
device = "simulator:lx200"
[lines.south]
device = "simulator:lx200"
[plugins.mount]
component = "lx200.wasm"
lines = { port = "east" }
[plugins.guidescope]
component = "lx200.wasm"
lines = { port = "west" }
[plugins.finder]
component = "lx200.wasm"
lines = { port = "south" }
"#;
const TABLES: [&str; 3] = ["mount", "guidescope", "finder"];

const DIRECTIONS: [&str; 4] = ["north", "east", "south", "west"];

fn unlimited() -> Setup {
    Setup::default()
        .config("[command]\nframes_per_second = 1_000_000\nbytes_per_second = 1_000_000_000")
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .variable("SLEWGATE_LOG", "info")
}

async fn subscribed(mut client: Client, topic: &str) -> Client {
    let topics = json!({ "topics": [topic] });
    client.call("events.subscribe", topics).await.unwrap();
    client
}

/// The digest of the new generation that serves each of these tables.
async fn published(watcher: &mut Client, tables: &[&str]) -> Vec<Value> {
    let mut digests = Vec::new();
    while digests.len() < tables.len() {
        let news = watcher.swap().await;
        let is_ours = tables.iter().any(|name| news["plugin"]["name"] == *name);
        assert!(is_ours && news["what"] == "published", "{news}");
        digests.push(news["plugin"]["digest"].clone());
    }
    digests
}

/// Sends what `request` makes, a few ahead, until it is told to stop: each of them has one reply, and a good one. Counts them.
async fn ask(
    mut client: Client,
    request: impl Fn(Instant) -> (&'static str, Value),
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
) {
    let began = Instant::now();
    let mut waiting = BTreeSet::new();
    loop {
        while waiting.len() < AHEAD && !stop.load(Ordering::Relaxed) {
            let (method, params) = request(began);
            waiting.insert(client.request(method, params).await);
        }
        if waiting.is_empty() {
            break;
        }
        let reply = client.next().await;
        // A jog that is renewed is answered out of turn, so that only the ids tell which reply is whose.
        let awaited = reply["id"].as_u64().is_some_and(|id| waiting.remove(&id));
        assert!(awaited && reply.get("result").is_some(), "{reply}");
        answered.fetch_add(1, Ordering::Relaxed);
    }
    // A reply too many would come before this one.
    let last = client.request("host.info", json!({})).await;
    assert_eq!(client.next().await["id"], last);
}

/// What is asked, at a moment of the load that began then.
type Asked = fn(Instant) -> (&'static str, Value);

/// What the clients under load ask for, all the time: of the host, of the newest sample, of the plugin, of the line.
fn requests() -> Vec<Asked> {
    vec![
        |_| ("host.info", json!({})),
        |_| ("mount.status", json!({})),
        |_| ("mount.info", json!({})),
        |_| ("guidescope.status", json!({})),
        |_| ("mount.track", json!({ "mode": "sidereal" })),
        // Each direction for a second: nobody may hold one down for a minute.
        |began| {
            let direction = DIRECTIONS[began.elapsed().as_secs() as usize % DIRECTIONS.len()];
            let params = json!({ "direction": direction, "rate": "center", "lease_ms": 2_000 });
            ("finder.jog", params)
        },
    ]
}

/// Reads what is known of parking in each sample until it is told to stop: how many there were.
async fn always_parked(mut client: Client, stop: Arc<AtomicBool>) -> usize {
    let mut samples = 0;
    while !stop.load(Ordering::Relaxed) {
        let sample = client.event("guidescope.status").await["data"].take();
        assert_eq!(sample["parked"], true, "{sample}");
        samples += 1;
    }
    samples
}

/// Orders the guide scope to its place, and waits until it is known to be parked there.
async fn park(observatory: &Observatory) -> Client {
    let client = observatory.client("telescope").await;
    let mut client = subscribed(client, "guidescope.status").await;
    client.call("guidescope.park", json!({})).await.unwrap();
    loop {
        if client.event("guidescope.status").await["data"]["parked"] == true {
            return client;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_is_replaced_again_and_again_and_every_request_has_its_one_good_answer() {
    let observatory = unlimited().config(MOUNTS).start();
    let parked = park(&observatory).await;
    let watcher = observatory.client("observer").await;
    let mut watcher = subscribed(watcher, "plugins").await;
    let first = watcher.event("plugins").await;
    assert!(first["data"]["plugins"].is_array(), "{first}");

    let (stop, mut load) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    let token = observatory.token("telescope");
    let requests = requests();
    let answered: Vec<_> = requests
        .iter()
        .map(|_| Arc::<AtomicU64>::default())
        .collect();
    for (number, (request, answered)) in requests.into_iter().zip(&answered).enumerate() {
        let id = format!("client-{number}");
        let client = Client::authenticated(observatory.address(), &token, &id).await;
        load.spawn(ask(
            client,
            request,
            Arc::clone(&stop),
            Arc::clone(answered),
        ));
    }
    let samples = tokio::spawn(always_parked(parked, Arc::clone(&stop)));
    let counts = || -> Vec<u64> {
        answered
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect()
    };

    let mut builds = Builds::of(&observatory);
    let (mut served, mut waits) = (Vec::new(), Vec::new());
    for _ in 0..long(RELOADS) {
        let before = counts();
        builds.swap();
        let written = Instant::now();
        let digests = published(&mut watcher, &TABLES).await;
        waits.push(written.elapsed());
        assert_ne!(digests, served, "the other build serves");
        served = digests;
        observatory.wait("answer for each client after the swap", || {
            counts()
                .iter()
                .zip(&before)
                .all(|(now, before)| now > before)
                .then_some(())
        });
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = load.join_next().await {
        ended.expect("a client whose requests were all answered");
    }
    let samples = samples
        .await
        .expect("a client that saw the mount parked all the time");
    waits.sort();
    println!(
        "{} reloads of a handler that serves three mounts, in force {} ms after they were written (the slowest {}); {} requests, each with its \
         one good answer; {samples} samples, each of a parked mount",
        waits.len(),
        waits[waits.len() / 2].as_millis(),
        waits[waits.len() - 1].as_millis(),
        counts().iter().sum::<u64>(),
    );
}

#[tokio::test]
async fn a_goto_goes_on_while_its_handler_is_replaced_and_its_end_is_told() {
    let observatory = unlimited().own_mount().start();
    let watcher = observatory.client("observer").await;
    let mut watcher = subscribed(watcher, "plugins").await;
    watcher.event("plugins").await;
    // Samples come every half second, so that who waits for the end of the goto knows that the host is well.
    let client = observatory.client("telescope").await;
    let mut client = subscribed(subscribed(client, "mount.motion").await, "mount.status").await;
    client.event("mount.motion").await;
    let params = json!({ "altitude": 60, "azimuth": 120 });
    let begun = client.call("mount.goto", params).await.unwrap();

    let mut builds = Builds::of(&observatory);
    builds.swap();
    published(&mut watcher, &["mount"]).await;
    let info = client.call("host.info", json!({})).await.unwrap();
    let motions = &info["plugins"]["mount"]["motions"];
    assert_eq!(
        motions[0]["motion"], begun["motion"],
        "it goes on: {motions}"
    );
    assert!(observatory.mount().state().moving);

    let began = client.event("mount.motion").await["data"].take();
    assert_eq!(began["happening"], "began", "{began}");
    let ended = client.event("mount.motion").await["data"].take();
    assert_eq!(ended["motion"], begun["motion"], "{ended}");
    assert_eq!(ended["why"], "done", "{ended}");
    assert!(!observatory.mount().state().moving);
    // Neither stopped nor sent again.
    assert_eq!(orders(&observatory.mount().wire()), [":MS#"]);
}
