//! Events: the state first, then what changes; and what is told of motions.

use std::fs;

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, orders, test_component};

const MOTION: &str = "mount.motion";

fn jog(direction: &str, lease_ms: u64) -> Value {
    json!({ "direction": direction, "rate": "find", "lease_ms": lease_ms })
}

async fn subscribe(client: &mut Client, topics: &[&str]) -> Value {
    let subscribed = client
        .call("events.subscribe", json!({ "topics": topics }))
        .await;
    subscribed.unwrap()["topics"].clone()
}

/// The next news of a motion: those of the mount alone, that it stands, are passed over.
async fn news(client: &mut Client) -> Value {
    loop {
        let news = client.event(MOTION).await["data"].take();
        if news["happening"] != "at_rest" {
            return news;
        }
    }
}

/// Began, of this label.
async fn began(client: &mut Client, label: &str) -> Value {
    let news = news(client).await;
    assert_eq!(
        (&news["happening"], &news["label"]),
        (&json!("began"), &json!(label)),
        "{news}"
    );
    news["motion"].clone()
}

/// Ended, for this cause.
async fn ended(client: &mut Client, motion: &Value, why: &str) -> Value {
    let news = news(client).await;
    assert_eq!(
        (&news["happening"], &news["why"]),
        (&json!("ended"), &json!(why)),
        "{news}"
    );
    assert_eq!(news["motion"], *motion, "{news}");
    news
}

/// Two clients of one token: the first listens, the second moves.
async fn two(observatory: &Observatory) -> (Client, Client) {
    let token = observatory.token("telescope");
    let client = async |name| Client::authenticated(observatory.address(), &token, name).await;
    let mut listener = client("listener").await;
    subscribe(&mut listener, &[MOTION]).await;
    assert_eq!(news(&mut listener).await, json!({ "active": [] }));
    (listener, client("mover").await)
}

#[tokio::test]
async fn a_subscription_begins_with_the_state_and_counts_what_follows() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    let begun = client
        .call("mount.jog", jog("north", 10_000))
        .await
        .unwrap();
    subscribe(&mut client, &[MOTION]).await;
    let state = client.event(MOTION).await;
    assert_eq!(state["seq"], 1);
    assert_eq!(
        state["data"]["active"][0]["motion"], begun["motion"],
        "{state}"
    );
    assert_eq!(state["data"]["active"][0]["label"], "north", "{state}");
    client.call("mount.jog", jog("east", 10_000)).await.unwrap();
    let east = client.event(MOTION).await;
    assert_eq!(
        (&east["seq"], &east["data"]["happening"]),
        (&json!(2), &json!("began"))
    );
    client.call("mount.stop", json!({})).await.unwrap();
    for seq in [3, 4] {
        let end = client.event(MOTION).await;
        assert_eq!(
            (&end["seq"], &end["data"]["why"]),
            (&json!(seq), &json!("stop"))
        );
    }
    let rest = client.event(MOTION).await;
    assert_eq!(rest["seq"], 5);
    assert_eq!(rest["data"], json!({ "happening": "at_rest" }));
    subscribe(&mut client, &[MOTION]).await;
    let again = client.event(MOTION).await;
    assert_eq!(again["seq"], 1, "a new subscription counts anew");
    assert_eq!(again["data"], json!({ "active": [] }));
}

#[tokio::test]
async fn samples_follow_each_other_and_tell_their_age() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    subscribe(&mut client, &["mount.status"]).await;
    let mut newest = String::new();
    for seq in 1..=3 {
        let sample = client.event("mount.status").await;
        assert_eq!(sample["seq"], seq);
        let as_of = sample["data"]["as_of"].as_str().unwrap().to_owned();
        assert!(as_of > newest, "{as_of} after {newest}");
        assert!(
            sample["data"]["age_ms"].as_u64().unwrap() < 5_000,
            "{sample}"
        );
        newest = as_of;
    }
}

#[tokio::test]
async fn what_is_not_subscribed_any_more_is_not_told() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    let topics = subscribe(&mut client, &[MOTION, "plugins"]).await;
    assert_eq!(topics, json!([MOTION, "plugins"]));
    news(&mut client).await;
    let left = client
        .call("events.unsubscribe", json!({ "topics": [MOTION] }))
        .await;
    assert_eq!(left.unwrap()["topics"], json!(["plugins"]));
    client
        .call("mount.jog", jog("north", 10_000))
        .await
        .unwrap();
    client.call("mount.stop", json!({})).await.unwrap();
    // A new subscription would hear of the jog first if the old one still told of it.
    subscribe(&mut client, &[MOTION]).await;
    assert_eq!(news(&mut client).await, json!({ "active": [] }));
}

#[tokio::test]
async fn an_unknown_topic_is_refused_with_those_that_there_are() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    let topics = json!({ "topics": [MOTION, "weather"] });
    let refused = client.call("events.subscribe", topics).await.unwrap_err();
    assert_eq!(refused["code"], -32602);
    assert_eq!(refused["data"]["field"], "topics");
    let sentence = refused["message"].as_str().unwrap();
    for known in ["weather", MOTION, "mount.status", "plugins"] {
        assert!(sentence.contains(known), "{sentence}");
    }
    let left = client
        .call("events.unsubscribe", json!({ "topics": ["plugins"] }))
        .await;
    assert_eq!(left.unwrap()["topics"], json!([]), "all or none");
}

#[tokio::test]
async fn a_swap_of_a_plugin_is_told() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    subscribe(&mut client, &["plugins"]).await;
    let state = client.event("plugins").await;
    let plugins = state["data"]["plugins"].as_array().unwrap();
    let observer = |plugin: &&Value| plugin["name"] == "observer" && plugin["kind"] == "policy";
    let before = plugins.iter().find(observer).unwrap().clone();
    let new = observatory.data().join("policies/.observer.new");
    fs::copy(test_component("observer-parks"), &new).unwrap();
    fs::rename(&new, observatory.data().join("policies/observer.wasm")).unwrap();
    let swap = client.event("plugins").await;
    assert_eq!(swap["seq"], 8, "after the state and six steps");
    assert_eq!(swap["data"]["what"], "published", "{swap}");
    let after = &swap["data"]["plugin"];
    assert_eq!(after["name"], "observer");
    assert_ne!(after["digest"], before["digest"]);
    assert!(
        after["generation"].as_u64() > before["generation"].as_u64(),
        "{swap}"
    );
}

#[tokio::test]
async fn the_end_of_a_motion_is_told_with_its_cause() {
    let observatory = Setup::default().own_mount().start();
    let (mut listener, mut mover) = two(&observatory).await;

    mover.call("mount.jog", jog("north", 250)).await.unwrap();
    let motion = began(&mut listener, "north").await;
    ended(&mut listener, &motion, "lease").await;

    mover.call("mount.jog", jog("south", 10_000)).await.unwrap();
    let motion = began(&mut listener, "south").await;
    mover
        .call("mount.stop", json!({ "direction": "south" }))
        .await
        .unwrap();
    ended(&mut listener, &motion, "stop").await;

    mover.call("mount.jog", jog("east", 10_000)).await.unwrap();
    let motion = began(&mut listener, "east").await;
    let goto = json!({ "altitude": 60, "azimuth": 180 });
    mover.call("mount.goto", goto).await.unwrap();
    ended(&mut listener, &motion, "superseded").await;
    let motion = began(&mut listener, "goto").await;
    mover.call("mount.stop", json!({})).await.unwrap();
    ended(&mut listener, &motion, "stop").await;

    mover.call("mount.jog", jog("west", 10_000)).await.unwrap();
    let motion = began(&mut listener, "west").await;
    mover.close().await;
    let told = ended(&mut listener, &motion, "session_closed").await;
    assert_eq!(told["client"], "the telescope");
}

#[tokio::test]
async fn a_slew_completes_when_its_client_leaves() {
    let observatory = Setup::default().own_mount().start();
    let (mut listener, mut mover) = two(&observatory).await;
    let goto = json!({ "altitude": 60, "azimuth": 170 });
    mover.call("mount.goto", goto).await.unwrap();
    let motion = began(&mut listener, "goto").await;
    mover.abort();
    ended(&mut listener, &motion, "done").await;
    let state = observatory.mount().state();
    assert!(!state.moving && state.tracking, "{state:?}");
    assert_eq!(orders(&observatory.mount().wire()), [":MS#"]);
}

#[tokio::test]
async fn an_order_that_the_mount_refuses_is_over_at_once() {
    let observatory = Setup::default().own_mount().below_the_horizon_too().start();
    let (mut listener, mut mover) = two(&observatory).await;
    let goto = json!({ "altitude": -30, "azimuth": 180 });
    let refused = mover.call("mount.goto", goto).await.unwrap_err();
    assert_eq!(refused["code"], -32004, "{refused}");
    let reason = refused["data"]["reason"].as_str().unwrap();
    assert!(reason.contains("Object below horizon"), "{reason}");
    let info = mover.call("host.info", json!({})).await.unwrap();
    assert_eq!(info["plugins"]["mount"]["motions"], json!([]));
    let motion = began(&mut listener, "goto").await;
    let told = ended(&mut listener, &motion, "failed").await;
    assert_eq!(told["error"], reason);
    // Nobody else is stopped for it: what begins now goes on.
    mover.call("mount.jog", jog("north", 3_000)).await.unwrap();
    let motion = began(&mut listener, "north").await;
    ended(&mut listener, &motion, "lease").await;
    let wire = observatory.mount().wire();
    wire.wait_for(|frame| frame.request == ":Qn#", PATIENCE)
        .unwrap();
    assert_eq!(orders(&wire), [":MS#", ":Mn#", ":Qn#"]);
}

/// A host that has the hostile component, and its client that listens to what that publishes.
async fn with_hostile() -> (Observatory, Client) {
    let config = "[command]\nframes_per_second = 1_000_000\n[lines.east]\n[plugins.mount]\n[plugins.hostile]\ncomponent = \"hostile.wasm\"\ncompute_ms = 1000\n";
    let observatory = Setup::default()
        .config(config)
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .start();
    let mut client = observatory.client("telescope").await;
    subscribe(&mut client, &["plugins"]).await;
    client.event("plugins").await;
    let place = observatory.data().join("handlers/hostile.wasm");
    fs::copy(test_component("hostile"), place).unwrap();
    while client.swap().await["what"] != "published" {}
    client
        .call("events.unsubscribe", json!({ "topics": ["plugins"] }))
        .await
        .unwrap();
    subscribe(&mut client, &["hostile.news"]).await;
    (observatory, client)
}

#[tokio::test]
async fn a_subscriber_that_reads_is_told_a_burst_of_long_events_and_answered_meanwhile() {
    let (_observatory, mut client) = with_hostile().await;
    let bursts = json!({ "does": "bursts" });
    client.call("hostile.acts", bursts).await.unwrap();
    client.call("host.info", json!({})).await.unwrap();
    for seq in 1..=200 {
        assert_eq!(client.event("hostile.news").await["seq"], seq);
    }
    client.call("host.info", json!({})).await.unwrap();
}

#[tokio::test]
async fn who_listens_is_told_how_many_events_came_too_fast() {
    let (_observatory, mut client) = with_hostile().await;
    let chatters = json!({ "does": "chatters" });
    client.call("hostile.acts", chatters).await.unwrap();
    // Nothing else is published: what was dropped last is told by itself.
    let (mut told, mut missed) = (0, 0);
    while told + missed < 1_000 {
        match client.event("hostile.news").await["data"]["missed"].as_u64() {
            Some(more) => missed += more,
            None => told += 1,
        }
    }
    assert!(
        told + missed == 1_000 && missed >= 600,
        "{told} told, {missed} missed"
    );
}

#[tokio::test]
async fn events_that_nobody_can_hear_of_fill_no_log() {
    let (observatory, mut client) = with_hostile().await;
    let began = std::time::Instant::now();
    // A thousand each time, until the second is over in which the log took no more.
    let mut nagged = 0;
    while nagged < 5 || !observatory.log().contains("the plugin writes too much") {
        let nags = json!({ "does": "nags" });
        client.call("hostile.acts", nags).await.unwrap();
        nagged += 1;
        assert!(began.elapsed() < PATIENCE, "{nagged} times");
    }
    // 20 a second, and the seconds that have begun.
    let most = 20 * (began.elapsed().as_secs() as usize + 2);
    let written = observatory.log().matches("an event was dropped").count();
    assert!(
        (20..=most).contains(&written),
        "{written} of {nagged} thousand"
    );
}
