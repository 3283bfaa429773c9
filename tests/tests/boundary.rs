//! The limits of the site, against a real host and a simulated mount. How they are computed is held in `host/safety`.

use std::time::Duration;

use serde_json::{Value, json};
use slewgate_simulator::Dialect;
use slewgate_tests::{Client, Observatory, PATIENCE, Setup};

/// Ten in the morning at Greenwich, where the simulated mount stands: the Sun is some 14 degrees up in the south-east.
const MORNING: &str = "[clock]\nstart = 2026-11-23T10:00:00Z";

fn unlimited() -> Setup {
    Setup::default().variable("REQUEST_LIMIT_PER_MINUTE", "100000")
}

/// The usual plugin with one key more.
fn plugin(key: &str) -> String {
    format!("[plugins.mount]\ncomponent = \"lx200.wasm\"\nlines = {{ port = \"east\" }}\n{key}")
}

async fn status(client: &mut Client) -> Value {
    client.call("mount.status", json!({})).await.unwrap()
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

/// Where the telescope truly points above the horizon, as the host's own mount counts it.
async fn altitude(client: &mut Client) -> f64 {
    number(&status(client).await["altitude"])
}

fn refused_by(error: &Value, limit: &str) {
    assert_eq!(error["code"], -32004, "{error}");
    assert_eq!(error["data"]["limit"], limit, "{error}");
    for value in ["allowed", "found"] {
        assert!(error["data"][value].is_number(), "{error}");
    }
}

/// The news that this motion ended.
async fn end(client: &mut Client, motion: &Value) -> Value {
    loop {
        let news = client.event("mount.motion").await["data"].take();
        if news["motion"] == *motion && news["happening"] == "ended" {
            return news;
        }
    }
}

async fn completes(client: &mut Client, method: &str, params: Value) {
    let begun = client.call(method, params.clone()).await;
    let begun = begun.unwrap_or_else(|error| panic!("{method} {params}: {error}"));
    let ended = end(client, &begun["motion"]).await;
    assert_eq!(ended["why"], "done", "{ended}");
}

async fn listening(observatory: &Observatory) -> Client {
    let mut client = observatory.client("telescope").await;
    let topics = json!({ "topics": ["mount.motion", "mount.status", "alarms"] });
    client.call("events.subscribe", topics).await.unwrap();
    assert_eq!(
        client.event("alarms").await["data"],
        json!({ "alarms": [] })
    );
    client
}

#[tokio::test]
async fn a_target_below_the_horizon_is_refused_with_the_limit_and_nothing_is_written() {
    let observatory = unlimited()
        .own_mount()
        .config("[limits]\nlowest = 15")
        .start();
    let mut client = observatory.client("telescope").await;
    for target in [
        json!({ "altitude": 10, "azimuth": 200 }),
        json!({ "ra": 0, "dec": -80 }),
    ] {
        let error = client.call("mount.goto", target).await.unwrap_err();
        refused_by(&error, "horizon");
        assert_eq!(error["data"]["allowed"], 15.0);
    }
    let goto = |frame: &slewgate_simulator::Frame| frame.request == ":MS#";
    assert!(!observatory.mount().wire().frames().iter().any(goto));
    assert_eq!(
        client.call("host.info", json!({})).await.unwrap()["plugins"]["mount"]["control"],
        Value::Null
    );
    client
        .call("mount.goto", json!({ "altitude": 16, "azimuth": 200 }))
        .await
        .unwrap();
}

#[tokio::test]
async fn by_day_neither_the_sun_nor_the_way_past_it_is_let_through() {
    let observatory = unlimited().under_the_sun().config(MORNING).start();
    let mut client = listening(&observatory).await;
    let sun = json!({ "altitude": 14, "azimuth": 150 });
    refused_by(&client.call("mount.goto", sun).await.unwrap_err(), "sun");
    // From one side of the Sun to the other, low over the ground.
    completes(
        &mut client,
        "mount.goto",
        json!({ "altitude": 14, "azimuth": 80 }),
    )
    .await;
    let across = json!({ "altitude": 14, "azimuth": 225 });
    let error = client.call("mount.goto", across).await.unwrap_err();
    refused_by(&error, "sun");
    let reason = error["data"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("the way passes the Sun"), "{reason}");
    completes(
        &mut client,
        "mount.goto",
        json!({ "altitude": 60, "azimuth": 330 }),
    )
    .await;
}

#[tokio::test]
async fn behind_a_filter_the_sun_is_for_whom_the_policy_allows_it() {
    let filter = "[limits]\nsolar_filter = true";
    let sun = json!({ "altitude": 14, "azimuth": 150 });
    let careful = unlimited()
        .under_the_sun()
        .config(MORNING)
        .config(filter)
        .start();
    let mut client = careful.client("telescope").await;
    refused_by(
        &client.call("mount.goto", sun.clone()).await.unwrap_err(),
        "sun",
    );

    let allowed = "[policies.telescope]\nsettings = { sun = true }";
    let observatory = unlimited()
        .under_the_sun()
        .config(MORNING)
        .config(filter)
        .config(allowed)
        .start();
    let mut client = listening(&observatory).await;
    completes(&mut client, "mount.goto", sun).await;
    observatory.told(&["may point at the Sun"]);
}

#[tokio::test]
async fn a_jog_into_the_horizon_at_the_highest_rate_stops_before_it_and_the_way_back_is_free() {
    for dialect in Dialect::ALL {
        let observatory = unlimited()
            .own_mount_that_speaks(dialect)
            .config("[limits]\nlowest = 20")
            .start();
        let mut client = listening(&observatory).await;
        completes(
            &mut client,
            "mount.goto",
            json!({ "altitude": 45, "azimuth": 180 }),
        )
        .await;
        let south = json!({ "direction": "south", "rate": "slew", "lease_ms": 10_000 });
        let motion = client.call("mount.jog", south.clone()).await.unwrap()["motion"].clone();
        let ended = end(&mut client, &motion).await;
        assert_eq!(ended["why"], "limit", "{ended}");
        observatory.wait("rest", || {
            (!observatory.mount().state().moving).then_some(())
        });
        client.forget("mount.status");
        let lowest = altitude(&mut client).await;
        assert!(
            (20.0..35.0).contains(&lowest),
            "{dialect}: it came to rest at {lowest}"
        );

        let north = json!({ "direction": "north", "rate": "slew", "lease_ms": 1_000 });
        let motion = client.call("mount.jog", north).await.unwrap()["motion"].clone();
        let ended = end(&mut client, &motion).await;
        assert_eq!(ended["why"], "lease", "{ended}");
        assert!(altitude(&mut client).await > lowest + 0.5);
    }
}

#[tokio::test]
async fn what_tracks_into_the_horizon_is_stopped_there_and_people_are_called() {
    // The sky turns 200 times as fast. The simulated mount points at the meridian, 64 degrees high, and tracks.
    let fast = "[clock]\nstart = 2026-11-23T22:00:00Z\nrate = 200\n[limits]\nlowest = 60";
    let observatory = unlimited().config(fast).start();
    let mut client = listening(&observatory).await;
    let alarm = client.event("alarms").await["data"].take();
    assert_eq!(alarm["alarm"], "limit", "{alarm}");
    assert_eq!(alarm["plugin"], "mount");
    let stands = async { while client.event("mount.status").await["data"]["tracking"] != "off" {} };
    tokio::time::timeout(Duration::from_secs(20), stands)
        .await
        .expect("it stands in time");
    client.forget("mount.status");
    let low = altitude(&mut client).await;
    assert!((56.0..61.0).contains(&low), "{low}");
    observatory
        .wait_for_security_event(|event| event["event"] == "alarm" && event["subject"] == "mount");
}

#[tokio::test]
async fn a_jog_that_nobody_can_see_is_stopped_and_the_mount_is_moved_again_once_it_is_seen() {
    let observatory = unlimited()
        .own_mount()
        .config("[limits]\nlowest = 10")
        .start();
    let mut client = listening(&observatory).await;
    let high = json!({ "altitude": 60, "azimuth": 180 });
    completes(&mut client, "mount.goto", high).await;
    let faults = observatory.mount().faults();
    faults.add("cut=3,match=:GR".parse().unwrap());
    let south = json!({ "direction": "south", "rate": "slew", "lease_ms": 10_000 });
    let motion = client.call("mount.jog", south.clone()).await.unwrap()["motion"].clone();
    let ended = end(&mut client, &motion).await;
    assert_eq!(ended["why"], "unseen", "{ended}");
    assert!(ended["error"].is_string(), "{ended}");
    let alarm = client.event("alarms").await["data"].take();
    assert_eq!(alarm["alarm"], "unseen", "{alarm}");
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
    // The stop is repeated a few times, as nobody sees it work.
    let error = loop {
        let error = client.call("mount.jog", south.clone()).await.unwrap_err();
        if error["code"] != -32008 {
            break error;
        }
    };
    assert_eq!(error["code"], -32004, "{error}");
    let said = error["message"].as_str().unwrap();
    assert!(said.contains("cannot see"), "{error}");

    faults.clear();
    client.forget("mount.status");
    client.event("mount.status").await;
    assert!(altitude(&mut client).await > 10.0);
    let north = json!({ "direction": "north", "rate": "slew", "lease_ms": 500 });
    let begun = async { while client.call("mount.jog", north.clone()).await.is_err() {} };
    tokio::time::timeout(PATIENCE, begun)
        .await
        .expect("it goes in time");
}

#[tokio::test]
async fn a_real_mount_without_a_site_is_not_moved_unless_its_limits_are_off() {
    let nowhere = |config: &str| unlimited().own_mount_without_site().config(config).start();
    let observatory = nowhere("");
    let mut client = observatory.client("telescope").await;
    let goto = json!({ "ra": 3, "dec": 80 });
    let error = client.call("mount.goto", goto.clone()).await.unwrap_err();
    assert_eq!(error["code"], -32004, "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("[site]"),
        "{error}"
    );
    let observatory = nowhere(&plugin("limits = \"off\""));
    let mut client = observatory.client("telescope").await;
    client.call("mount.goto", goto).await.unwrap();
    observatory.told(&["nothing keeps the telescope from the Sun"]);
}

#[tokio::test]
async fn a_mount_with_another_time_in_mind_is_not_moved_until_its_clock_is_set() {
    let wrong = |config: &str| unlimited().own_mount().config(config).start();
    let observatory = wrong("");
    let mut client = observatory.client("telescope").await;
    // Its longitude is ten degrees off, which is forty minutes of sidereal time.
    let east = json!({ "latitude": 51.4779, "longitude": 10.0 });
    client.call("mount.set_site", east).await.unwrap();
    let told = |frame: &slewgate_simulator::Frame| frame.request == ":GS#";
    let (before, wire) = (
        observatory.mount().wire().received(),
        observatory.mount().wire(),
    );
    let seen = wire.wait_for(|frame| frame.number > before && told(frame), PATIENCE);
    assert!(seen.is_some(), "nobody looks");
    let goto = json!({ "altitude": 50, "azimuth": 200 });
    let error = client.call("mount.goto", goto.clone()).await.unwrap_err();
    assert_eq!(error["code"], -32004, "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("sidereal time"),
        "{error}"
    );

    let site = json!({ "latitude": 51.4779, "longitude": 0.0 });
    client.call("mount.set_site", site).await.unwrap();
    let begun = async {
        while client.call("mount.goto", goto.clone()).await.is_err() {
            client.call("mount.status", json!({})).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), begun)
        .await
        .expect("it goes in time");
}

#[tokio::test]
async fn a_mount_is_told_place_and_time_when_it_is_found_where_the_settings_want_that() {
    let observatory = unlimited()
        .own_mount()
        .config(&plugin("set_clock = true"))
        .start();
    for begins in [":St", ":Sg", ":SL", ":SC"] {
        let told = observatory
            .mount()
            .wire()
            .wait_for(|frame| frame.request.starts_with(begins), PATIENCE);
        assert!(told.is_some(), "no {begins}");
    }
}
