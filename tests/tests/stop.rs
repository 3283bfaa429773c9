//! A stop cannot be overtaken, delayed or limited.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_sky::{Site, SystemClock};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, Taciturn, orders, test_component};

const ROUNDS: usize = 50;
const DIRECTIONS: [&str; 4] = ["north", "east", "south", "west"];

fn unlimited() -> Setup {
    Setup::default().variable("REQUEST_LIMIT_PER_MINUTE", "100000")
}

fn request(id: usize, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// A mount that the test can hush, and a host whose line leads to it.
fn taciturn(setup: Setup) -> (Taciturn, Observatory) {
    let greenwich = Site {
        latitude: 51.4779,
        longitude: 0.0,
        elevation: 46.0,
    };
    let clock = Arc::new(SystemClock);
    let mount = Taciturn::start(&slewgate_simulator::Lx200Settings::new(greenwich, clock));
    let line = format!("[lines.east]\ndevice = \"{}\"", mount.path().display());
    let site = "[site]\nlatitude = 51.4779\nlongitude = 0\nelevation = 46";
    let observatory = setup.config(&line).config(site).start();
    (mount, observatory)
}

/// Waits until everything that was written before has been obeyed: the mount answers in its order.
async fn settled(client: &mut Client) {
    let tracks = client.call("mount.track", json!({ "mode": "sidereal" }));
    tracks.await.unwrap();
}

/// Replies by id, also those of a batch.
async fn replies(client: &mut Client, ids: [usize; 2]) -> [Value; 2] {
    let mut found = Vec::new();
    while found.len() < 2 {
        match client.next().await {
            Value::Array(batch) => found.extend(batch),
            one => found.push(one),
        }
    }
    ids.map(|id| {
        let reply = found.iter().find(|reply| reply["id"] == id);
        reply.cloned().unwrap_or_else(|| panic!("{found:?}"))
    })
}

/// By whom an order was stopped that the host did not let pass after a stop that nobody saw work.
const REPEATED: &str = "the host: the hardware was told to stop and does not";

/// One client sends an order and a stop in one write, again and again; `write` makes the messages of it.
async fn race(
    order: impl Fn(usize) -> (&'static str, Value),
    stop: impl Fn(usize) -> (Value, String),
    write: impl Fn([String; 2]) -> Vec<String>,
) {
    let observatory = unlimited().own_mount().start().attached();
    let mut client = observatory.client("telescope").await;
    let mut late = 0;
    for round in 0..ROUNDS {
        let before = orders(&observatory.mount().wire()).len();
        let ((method, params), (which, last)) = (order(round), stop(round));
        let (first, second) = (1000 + 2 * round, 1001 + 2 * round);
        let texts = [
            request(first, method, &params),
            request(second, "mount.stop", &which),
        ];
        client.send_together(&write(texts)).await;
        let [ordered, stopped] = replies(&mut client, [first, second]).await;
        assert!(stopped["result"]["stopped"].is_boolean(), "{stopped}");
        if let Some(error) = ordered.get("error") {
            assert_eq!(error["code"], -32008, "{error}");
            // Where nobody saw it stand for seconds, as on a machine with much else to do, the host may have repeated a stop.
            let stoppers = ["the telescope", REPEATED];
            assert!(
                stoppers.iter().any(|by| error["data"]["by"] == *by),
                "{error}"
            );
            late += 1;
        }
        settled(&mut client).await;
        let orders = orders(&observatory.mount().wire());
        let new = &orders[before..];
        assert!(
            new.last().is_none_or(|newest| *newest == last),
            "round {round}: {new:?} after {ordered}"
        );
        assert!(last != ":Q#" || new.last().is_some(), "nothing was stopped");
    }
    println!("{late} of {ROUNDS} orders came too late");
    assert!(late > 0, "no order came too late");
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
}

fn jog(round: usize) -> (&'static str, Value) {
    let direction = DIRECTIONS[round % DIRECTIONS.len()];
    let params = json!({ "direction": direction, "rate": "find", "lease_ms": 10_000 });
    ("mount.jog", params)
}

fn everything(_: usize) -> (Value, String) {
    (json!({}), ":Q#".to_owned())
}

fn that_direction(round: usize) -> (Value, String) {
    let direction = DIRECTIONS[round % DIRECTIONS.len()];
    (
        json!({ "direction": direction }),
        format!(":Q{}#", &direction[..1]),
    )
}

fn batch(texts: &[String]) -> Vec<String> {
    vec![format!("[{}]", texts.join(","))]
}

#[tokio::test]
async fn a_stop_in_one_write_with_a_jog_is_the_last_thing_on_the_wire() {
    race(jog, everything, |texts| texts.into()).await;
}

#[tokio::test]
async fn a_stop_in_one_batch_with_a_jog_is_the_last_thing_on_the_wire() {
    race(jog, everything, |texts| batch(&texts)).await;
}

#[tokio::test]
async fn a_stop_before_a_jog_in_one_batch_is_the_last_thing_on_the_wire() {
    race(jog, everything, |[jog, stop]| batch(&[stop, jog])).await;
}

#[tokio::test]
async fn a_stop_of_one_direction_in_one_write_with_its_jog_is_the_last_thing_on_the_wire() {
    race(jog, that_direction, |texts| texts.into()).await;
}

#[tokio::test]
async fn a_stop_of_one_direction_in_one_batch_with_its_jog_is_the_last_thing_on_the_wire() {
    race(jog, that_direction, |[jog, stop]| batch(&[stop, jog])).await;
}

#[tokio::test]
async fn a_stop_in_one_write_with_a_goto_is_the_last_thing_on_the_wire() {
    let goto = |round: usize| {
        let params = json!({ "altitude": 50 + round % 20, "azimuth": 120 });
        ("mount.goto", params)
    };
    race(goto, everything, |texts| texts.into()).await;
}

#[tokio::test]
async fn a_stop_in_one_write_with_the_token_and_a_jog_is_the_last_thing_on_the_wire() {
    let observatory = unlimited().own_mount().start().attached();
    let token = observatory.token("telescope");
    let mut watcher = Client::authenticated(observatory.address(), &token, "watcher").await;
    for round in 0..ROUNDS {
        let before = orders(&observatory.mount().wire()).len();
        let mut client = Client::connect(observatory.address()).await;
        let name = json!({ "token": token, "client_id": format!("hasty-{round}") });
        let (jog, params) = jog(round);
        let stop = request(2, "mount.stop", &json!({}));
        let texts = [name.to_string(), request(1, jog, &params), stop];
        client.send_together(&texts).await;
        assert_eq!(client.next().await["type"], "auth_ok");
        let [_, stopped] = replies(&mut client, [1, 2]).await;
        assert_eq!(stopped["result"]["stopped"], true, "{stopped}");
        settled(&mut watcher).await;
        let orders = orders(&observatory.mount().wire());
        let new = &orders[before..];
        assert_eq!(new.last().unwrap(), ":Q#", "round {round}: {new:?}");
    }
}

#[tokio::test]
async fn a_limited_client_stops_all_the_same() {
    let observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    let jog = json!({ "direction": "north", "rate": "find", "lease_ms": 10_000 });
    client.call("mount.jog", jog).await.unwrap();
    observatory.wait("motion", || {
        observatory.mount().state().moving.then_some(())
    });
    for _ in 0..59 {
        client.call("host.info", json!({})).await.unwrap();
    }
    let mut limited = client.call("host.info", json!({})).await;
    while limited.is_ok() {
        // A minute's share came back meanwhile.
        limited = client.call("host.info", json!({})).await;
    }
    assert_eq!(limited.unwrap_err()["code"], -32002);
    let stopped = client.call("mount.stop", json!({})).await;
    assert_eq!(stopped.unwrap(), json!({ "stopped": true }));
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
    assert_eq!(orders(&observatory.mount().wire()), [":Mn#", ":Q#"]);
}

#[tokio::test]
async fn a_stop_that_the_policy_denies_writes_nothing() {
    let observatory = Setup::default().own_mount().start();
    let mut observer = observatory.client("observer").await;
    let mut telescope = observatory.client("telescope").await;
    for params in [json!({}), json!({ "direction": "north" })] {
        let denied = observer.call("mount.stop", params).await.unwrap_err();
        assert_eq!(denied["code"], -32001);
        let reason = "an observer may look, not stop anything";
        assert_eq!(denied["data"]["reason"], reason);
    }
    settled(&mut telescope).await;
    assert!(orders(&observatory.mount().wire()).is_empty());
    observatory.wait_for_security_event(|event| {
        event["event"] == "denied" && event["subject"] == "mount.stop"
    });
    let stopped = |event: &Value| event["event"] == "motion_stop";
    assert!(!observatory.security_log().iter().any(stopped));
}

#[tokio::test]
async fn each_stop_is_on_record_also_the_last_ones_of_a_session() {
    const STOPS: u64 = 5;
    let observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    settled(&mut client).await;
    for _ in 0..STOPS {
        client.call("mount.stop", json!({})).await.unwrap();
    }
    client.close().await;
    observatory.wait("record of each stop", || {
        let log = observatory.security_log();
        let stops = log.iter().filter(|event| event["event"] == "motion_stop");
        let counts = stops.map(|event| event["count"].as_u64().unwrap_or(1));
        (counts.sum::<u64>() == STOPS).then_some(())
    });
}

#[tokio::test]
async fn a_stop_without_a_device_says_that_it_did_not_start() {
    let mut observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    settled(&mut client).await;
    observatory.unplug();
    let failed = client.call("mount.stop", json!({})).await.unwrap_err();
    assert_eq!(failed["code"], -32003, "{failed}");
    assert_eq!(failed["data"]["outcome"], "not_started", "{failed}");
}

#[tokio::test]
async fn a_stop_reaches_a_mount_that_answers_nothing_while_many_poll_it() {
    let (mount, observatory) =
        taciturn(unlimited().config("[admission]\nconnections_per_source = 64"));
    let token = observatory.token("telescope");
    let mut stopper = Client::authenticated(observatory.address(), &token, "stopper").await;
    settled(&mut stopper).await;
    mount.hush();
    for number in 0..20 {
        let name = format!("poller-{number}");
        let mut poller = Client::authenticated(observatory.address(), &token, &name).await;
        // Its replies are nobody's business: it asks until the test ends.
        tokio::spawn(async move {
            loop {
                let _ = poller.call("mount.status", json!({})).await;
                let _ = poller.call("mount.track", json!({ "mode": "solar" })).await;
            }
        });
    }
    let mut delays = Vec::new();
    for round in 1..=20 {
        let asked = Instant::now();
        let id = stopper.request("mount.stop", json!({})).await;
        let wire = mount.wire().clone();
        let seen = tokio::task::spawn_blocking(move || {
            let stops = |wire: &slewgate_simulator::Wire| {
                let frames = wire.frames().into_iter();
                frames.filter(|frame| frame.request == ":Q#").nth(round - 1)
            };
            let deadline = Instant::now() + PATIENCE;
            while stops(&wire).is_none() && Instant::now() < deadline {
                let newest = wire.received();
                wire.wait_for(|frame| frame.number > newest, Duration::from_millis(100));
            }
            stops(&wire).expect("the stop is on the wire")
        });
        delays.push(seen.await.unwrap().at.duration_since(asked));
        stopper.reply(id).await.unwrap();
    }
    delays.sort();
    println!(
        "from sending a stop to its bytes, 20 clients polling a silent mount: median {:?}, longest {:?}",
        delays[delays.len() / 2],
        delays[delays.len() - 1]
    );
}

#[tokio::test]
async fn a_stop_is_answered_truly_when_the_queue_of_its_client_is_full() {
    let (mount, observatory) = taciturn(unlimited().config("[command]\nqueue = 1"));
    let mut telescope = observatory.client("telescope").await;
    let mut observer = observatory.client("observer").await;
    settled(&mut telescope).await;
    mount.hush();
    for client in [&mut telescope, &mut observer] {
        for _ in 0..4 {
            client.request("mount.status", json!({})).await;
        }
        let busy = client.next().await;
        assert_eq!(busy["error"]["code"], -32006, "{busy}");
    }
    let stopped = telescope.call("mount.stop", json!({})).await;
    assert_eq!(stopped.unwrap(), json!({ "stopped": true }));
    let denied = observer.call("mount.stop", json!({})).await.unwrap_err();
    assert_eq!(denied["code"], -32001);
    let seen = mount
        .wire()
        .wait_for(|frame| frame.request == ":Q#", PATIENCE);
    assert!(seen.is_some(), "the stop is on the wire");
    assert_eq!(orders(mount.wire()), [":Q#"]);
}

#[tokio::test]
async fn a_host_that_stopped_something_rests_too() {
    let mut observatory = unlimited().own_mount().start().attached();
    let mut client = observatory.client("telescope").await;
    let topics = json!({ "topics": ["mount.status"] });
    client.call("events.subscribe", topics).await.unwrap();
    for (method, params) in [
        jog(0),
        ("mount.goto", json!({ "altitude": 40, "azimuth": 90 })),
    ] {
        client.call(method, params).await.unwrap();
        client.event("mount.status").await;
        client.call("mount.stop", json!({})).await.unwrap();
    }
    let (before, since) = (observatory.processor_time(), Instant::now());
    while since.elapsed() < Duration::from_secs(2) {
        client.event("mount.status").await;
    }
    let spent = observatory.processor_time() - before;
    println!("{spent:?} of processor time in {:?}", since.elapsed());
    assert!(spent < since.elapsed() / 2, "{spent:?}");
}

/// The policy was asked when the session began. The one that takes its place traps whenever it is asked.
#[tokio::test]
async fn who_could_stop_still_can_when_its_policy_fails() {
    let observatory = Setup::default().own_mount().start().attached();
    let token = observatory.token("telescope");
    let mut client = Client::authenticated(observatory.address(), &token, "traps").await;
    let mut watcher = observatory.client("observer").await;
    let subscribed = watcher.call("events.subscribe", json!({ "topics": ["plugins"] }));
    subscribed.await.unwrap();
    watcher.event("plugins").await;
    let goto = json!({ "altitude": 60, "azimuth": 120 });
    client.call("mount.goto", goto).await.unwrap();
    let policy = observatory.data().join("policies/telescope.wasm");
    fs::copy(test_component("unruly-policy"), policy).unwrap();
    let news = watcher.swap().await;
    assert_eq!(news["plugin"]["name"], "telescope", "{news}");
    assert_eq!(news["what"], "published", "{news}");
    let denied = client.call("mount.info", json!({})).await.unwrap_err();
    assert_eq!(denied["data"]["reason"], "the policy failed", "{denied}");
    let stopped = client.call("mount.stop", json!({})).await.unwrap();
    assert_eq!(stopped["stopped"], true);
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
}

/// It is behind others that take their time. The start gives up waiting for all of them; nobody can be asked yet what its client may.
#[tokio::test]
async fn a_client_whose_policy_is_only_being_loaded_may_stop_and_nothing_else() {
    let mut setup = Setup::default()
        .own_mount()
        .config("[policies.telescope]\n[engine]\nstart_compute_ms = 60000");
    for number in 0..30 {
        let looping =
            format!("[policies.unhurried-{number}.settings]\nat = \"configure\"\ndoes = \"loops\"");
        let place = format!("policies/unhurried-{number}.wasm");
        setup = setup.config(&looping).component("hostile-policy", &place);
    }
    let observatory = setup
        .component("observer-parks", "policies/waits.wasm")
        .start()
        .attached();
    let mut telescope = observatory.client("telescope").await;
    let goto = json!({ "altitude": 60, "azimuth": 120 });
    telescope.call("mount.goto", goto).await.unwrap();
    let mut client = observatory.client("waits").await;
    let asked = client.call("mount.info", json!({})).await.unwrap_err();
    assert_eq!(asked["code"], -32006, "{asked}");
    let stopped = client.call("mount.stop", json!({})).await.unwrap();
    assert_eq!(stopped["stopped"], true);
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
}
