//! The device of a running host is closed under it, mid-exchange and idle: noticed, reported, and well again without a restart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_simulator::{Dialect, Lx200Settings};
use slewgate_sky::{Site, SystemClock};
use slewgate_tests::{Client, Cord, Kind, Observatory, PATIENCE, Setup, orders};

const LINE: &str = "mount.line";
const MOTION: &str = "mount.motion";

/// A mount on a cord, a host that is attached to it, and a client that hears of lines and motions.
async fn attached(kind: Kind) -> (Cord, Observatory, Client) {
    attached_to(kind, Dialect::Classic).await
}

async fn attached_to(kind: Kind, dialect: Dialect) -> (Cord, Observatory, Client) {
    let greenwich = Site {
        latitude: 51.4779,
        longitude: 0.0,
        elevation: 46.0,
    };
    let settings = Lx200Settings {
        dialect,
        ..Lx200Settings::new(greenwich, Arc::new(SystemClock))
    };
    let cord = Cord::plugged(kind, settings);
    let line = format!("[lines.east]\ndevice = \"{}\"", cord.device());
    let observatory = Setup::default()
        .variable("REQUEST_LIMIT_PER_MINUTE", "100000")
        .config(&line)
        .config("[site]\nlatitude = 51.4779\nlongitude = 0\nelevation = 46")
        .start();
    let mut client = observatory.client("telescope").await;
    let topics = json!({ "topics": [LINE, MOTION] });
    client.call("events.subscribe", topics).await.unwrap();
    client.event(MOTION).await;
    hears(&mut client, is_attached(1)).await;
    (cord, observatory, client)
}

/// The next news of the line that is wanted.
async fn hears(client: &mut Client, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let news = client.event(LINE).await["data"].take();
        if wanted(&news) {
            return news;
        }
    }
}

/// Open for the so manieth time, with a mount that was asked what it is.
fn is_attached(opened: u64) -> impl Fn(&Value) -> bool {
    move |news| {
        let line = json!({ "line": "east", "state": "open", "opened": opened });
        news["lines"]["port"] == line && news["hardware"]["state"] == "attached"
    }
}

fn is_gone(news: &Value) -> bool {
    news["lines"]["port"]["state"] == "connecting" && news["hardware"]["state"] == "failed"
}

/// A line that is lost says so, with the cause, to those who subscribed.
async fn hears_of_the_loss(kind: Kind, when: &str, client: &mut Client, since: Instant) {
    let news = hears(client, is_gone).await;
    println!("{kind:?}, {when}: told after {:?}", since.elapsed());
    let error = news["lines"]["port"]["error"].as_str().unwrap();
    assert!(
        error.starts_with("lost ") || error.starts_with("cannot open "),
        "{error}"
    );
}

/// What the mount that was put in was told first: nothing that moves it.
fn first_words(cord: &Cord, stop: &str) {
    let frames = cord.wire().frames();
    let requests: Vec<_> = frames.iter().map(|frame| &*frame.request).collect();
    assert_eq!(requests[0], stop, "{requests:?}");
    let orders = orders(&cord.wire());
    assert!(
        orders.iter().all(|order| order.starts_with(":Q")),
        "{orders:?}"
    );
}

/// Everything works again, without a restart.
async fn works(cord: &Cord, client: &mut Client) {
    let status = client.call("mount.status", json!({})).await.unwrap();
    assert_eq!(status["slewing"], false, "{status}");
    assert!(status["age_ms"].as_u64().unwrap() < 10_000, "{status}");
    let goto = json!({ "altitude": 60, "azimuth": 120 });
    client.call("mount.goto", goto).await.unwrap();
    assert_eq!(orders(&cord.wire()).last().unwrap(), ":MS#");
}

async fn mid_exchange(kind: Kind) {
    let (mut cord, _observatory, mut client) = attached(kind).await;
    let jog = json!({ "direction": "north", "rate": "find", "lease_ms": 10_000 });
    let jog = client.call("mount.jog", jog).await.unwrap();
    assert_eq!(client.event(MOTION).await["data"]["happening"], "began");
    let wire = cord.wire();
    let under_way = wire.wait_for(|frame| frame.request == ":Mn#", PATIENCE);
    assert!(under_way.is_some());

    cord.hush(true);
    let goto = json!({ "altitude": 60, "azimuth": 120 });
    let goto = client.request("mount.goto", goto).await;
    let seen = wire.wait_for(|frame| frame.request.starts_with(":Sr"), PATIENCE);
    assert!(seen.is_some());
    let since = Instant::now();
    cord.unplug();

    let failed = client.reply(goto).await.unwrap_err();
    assert_eq!(failed["code"], -32003, "{failed}");
    assert_eq!(failed["data"]["outcome"], "indeterminate", "{failed}");
    println!(
        "{kind:?}, mid-exchange: answered after {:?}: {}",
        since.elapsed(),
        failed["message"]
    );
    let ended = client.event(MOTION).await["data"].take();
    assert_eq!(ended["motion"], jog["motion"], "{ended}");
    assert_eq!(
        (&ended["happening"], &ended["why"]),
        (&json!("ended"), &json!("line_lost"))
    );
    // Or that it could not be opened again, where that was tried before anybody was told.
    let error = ended["error"].as_str().unwrap();
    let told = ["lost ", "cannot open "];
    assert!(told.iter().any(|told| error.starts_with(told)), "{ended}");
    hears_of_the_loss(kind, "mid-exchange", &mut client, since).await;

    cord.plug();
    hears(&mut client, is_attached(2)).await;
    first_words(&cord, ":Qn#");
    works(&cord, &mut client).await;
}

async fn idle(kind: Kind) {
    let (mut cord, observatory, mut client) = attached(kind).await;
    let since = Instant::now();
    cord.unplug();
    hears_of_the_loss(kind, "idle", &mut client, since).await;
    for (method, params) in [
        ("mount.status", json!({})),
        ("mount.goto", json!({ "altitude": 60, "azimuth": 120 })),
        ("mount.stop", json!({})),
    ] {
        let failed = client.call(method, params).await.unwrap_err();
        assert_eq!(failed["code"], -32003, "{method}: {failed}");
        assert_eq!(
            failed["data"]["outcome"], "not_started",
            "{method}: {failed}"
        );
    }
    stays_flat(kind, observatory).await;
}

/// A host whose line is away does next to nothing.
async fn stays_flat(kind: Kind, mut observatory: Observatory) {
    let (before, watched) = (observatory.processor_time(), Duration::from_secs(3));
    tokio::time::sleep(watched).await;
    let spent = observatory.processor_time() - before;
    println!("{kind:?}: {spent:?} of processor time in {watched:?} without the device");
    assert!(spent < watched / 4, "{spent:?}");
}

async fn stop_while_away(kind: Kind) {
    let (mut cord, _observatory, mut client) = attached(kind).await;
    cord.unplug();
    hears(&mut client, is_gone).await;
    assert!(client.call("mount.stop", json!({})).await.is_err());
    cord.plug();
    hears(&mut client, is_attached(2)).await;
    first_words(&cord, ":Q#");
    works(&cord, &mut client).await;
}

#[tokio::test]
async fn a_device_that_is_closed_mid_exchange_is_told_and_works_again() {
    mid_exchange(Kind::Terminal).await;
}

#[tokio::test]
async fn a_peer_that_closes_mid_exchange_is_told_and_works_again() {
    mid_exchange(Kind::Closed).await;
}

#[tokio::test]
async fn a_peer_that_resets_mid_exchange_is_told_and_works_again() {
    mid_exchange(Kind::Reset).await;
}

#[tokio::test]
async fn a_peer_that_vanishes_mid_exchange_is_told_and_works_again() {
    mid_exchange(Kind::Vanished).await;
}

#[tokio::test]
async fn a_device_that_is_closed_while_idle_is_told_and_costs_nothing() {
    idle(Kind::Terminal).await;
}

#[tokio::test]
async fn a_peer_that_closes_while_idle_is_told_and_costs_nothing() {
    idle(Kind::Closed).await;
}

#[tokio::test]
async fn a_peer_that_vanishes_while_idle_is_told_and_costs_nothing() {
    idle(Kind::Vanished).await;
}

#[tokio::test]
async fn a_stop_for_a_device_that_is_gone_is_the_first_thing_that_it_hears() {
    stop_while_away(Kind::Terminal).await;
}

#[tokio::test]
async fn a_stop_for_a_peer_that_is_gone_is_the_first_thing_that_it_hears() {
    stop_while_away(Kind::Reset).await;
}

#[tokio::test]
async fn a_stop_that_a_vanished_peer_never_got_is_the_first_thing_that_it_hears() {
    let (mut cord, _observatory, mut client) = attached(Kind::Vanished).await;
    cord.unplug();
    // Nobody knows yet.
    let stopped = client.call("mount.stop", json!({})).await;
    assert_eq!(stopped.unwrap(), json!({ "stopped": true }));
    hears(&mut client, is_gone).await;
    cord.plug();
    hears(&mut client, is_attached(2)).await;
    first_words(&cord, ":Q#");
}

#[tokio::test]
async fn a_mount_that_falls_silent_is_told_and_asked_what_it_is_when_it_speaks_again() {
    let (cord, _observatory, mut client) = attached(Kind::Terminal).await;
    cord.hush(true);
    let topics = json!({ "topics": ["mount.status"] });
    client.call("events.subscribe", topics).await.unwrap();
    hears(&mut client, |news| news["hardware"]["state"] == "silent").await;
    let failed = client.call("mount.status", json!({})).await.unwrap_err();
    assert_eq!(failed["data"]["outcome"], "not_started", "{failed}");
    cord.hush(false);
    hears(&mut client, is_attached(1)).await;
    client.call("mount.status", json!({})).await.unwrap();
}

#[tokio::test]
async fn a_mount_that_was_out_of_reach_hears_first_of_all_that_its_motion_has_ended() {
    for dialect in Dialect::ALL {
        let (cord, observatory, mut client) = attached_to(Kind::Closed, dialect).await;
        let jog = json!({ "direction": "west", "rate": "find", "lease_ms": 5_000 });
        client.call("mount.jog", jog).await.unwrap();
        assert_eq!(client.event(MOTION).await["data"]["happening"], "began");
        let wire = cord.wire();
        let jogs = wire.wait_for(|frame| frame.request == ":Mw#", PATIENCE);
        assert!(jogs.is_some());
        cord.cut(true);
        let ended = client.event(MOTION).await["data"].take();
        assert_eq!(ended["happening"], "ended", "{ended}");
        hears(&mut client, |news| news["hardware"]["state"] == "silent").await;
        let info = client.call("host.info", json!({})).await.unwrap();
        assert_eq!(info["plugins"]["mount"]["motions"], json!([]), "{info}");

        let sent = || cord.swallowed().contains(":Qw#").then_some(());
        observatory.wait("the jog's ending", sent);
        let before = wire.frames().last().unwrap().number;
        cord.cut(false);
        hears(&mut client, is_attached(1)).await;
        let heard = wire.frames().into_iter();
        let heard = heard.filter(|frame| frame.number > before);
        let heard: Vec<_> = heard.map(|frame| frame.request).collect();
        // Whether it is there again is only known from its answer to something.
        assert!(heard[0].starts_with(":G"), "{heard:?}");
        // A jog whose lease ended in the silence was not seen to stand: it is stopped with all else.
        assert!([":Q#", ":Qw#"].contains(&heard[1].as_str()), "{heard:?}");
        assert!(heard[1..3].contains(&":Qw#".to_owned()), "{heard:?}");
        let topics = json!({ "topics": ["mount.status"] });
        client.call("events.subscribe", topics).await.unwrap();
        while client.event("mount.status").await["data"]["slewing"] != false {}
    }
}

#[tokio::test]
async fn a_goto_outlives_an_answer_that_was_lost() {
    for (dialect, look) in [(Dialect::Classic, ":D#"), (Dialect::OnStep, ":GU#")] {
        let (cord, _observatory, mut client) = attached_to(Kind::Terminal, dialect).await;
        let goto = json!({ "altitude": 40, "azimuth": 90 });
        client.call("mount.goto", goto).await.unwrap();
        assert_eq!(client.event(MOTION).await["data"]["happening"], "began");
        // So that a goto which takes long is no silence.
        let topics = json!({ "topics": ["mount.status"] });
        client.call("events.subscribe", topics).await.unwrap();
        // One of them at least is of a look at the goto: a sample that waits in vain lets a look go next.
        cord.loses_answers(look, 2);
        let ended = client.event(MOTION).await["data"].take();
        assert_eq!(ended["why"], "done", "{dialect}: {ended}");
        assert_eq!(cord.losses_left(), 0, "the goto was over before");
    }
}
