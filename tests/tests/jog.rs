//! A jog lives by the messages of its client's program, and ends alone.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, orders};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

fn unlimited() -> Setup {
    Setup::default().variable("REQUEST_LIMIT_PER_MINUTE", "100000")
}

fn jog(direction: &str, rate: &str, lease_ms: u64) -> Value {
    json!({ "direction": direction, "rate": rate, "lease_ms": lease_ms })
}

/// Waits for an order on the wire.
fn ordered(observatory: &Observatory, request: &str) {
    let wire = observatory.mount().wire();
    let found = wire.wait_for(|frame| frame.request == request, PATIENCE);
    assert!(found.is_some(), "no {request}: {:?}", orders(&wire));
}

fn moves(observatory: &Observatory) {
    observatory.wait("motion", || {
        observatory.mount().state().moving.then_some(())
    });
}

fn rests(observatory: &Observatory) {
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
    assert!(observatory.mount().state().tracking, "the jog alone ends");
}

/// Waits until everything that was written before has been obeyed: the mount answers in its order.
async fn settled(client: &mut Client) {
    let tracks = client.call("mount.track", json!({ "mode": "sidereal" }));
    tracks.await.unwrap();
}

async fn motions(client: &mut Client) -> Value {
    let info = client.call("host.info", json!({})).await.unwrap();
    info["plugins"]["mount"]["motions"].clone()
}

#[tokio::test]
async fn the_mount_stands_when_the_jogging_client_leaves() {
    let observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    client
        .call("mount.jog", jog("north", "find", 10_000))
        .await
        .unwrap();
    moves(&observatory);
    client.close().await;
    ordered(&observatory, ":Qn#");
    rests(&observatory);
    assert_eq!(orders(&observatory.mount().wire()), [":Mn#", ":Qn#"]);
}

#[tokio::test]
async fn the_mount_stands_when_the_connection_of_the_jogging_client_breaks() {
    let observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    client
        .call("mount.jog", jog("west", "slew", 10_000))
        .await
        .unwrap();
    moves(&observatory);
    client.abort();
    ordered(&observatory, ":Qw#");
    rests(&observatory);
    assert_eq!(orders(&observatory.mount().wire()), [":Mw#", ":Qw#"]);
}

#[tokio::test]
async fn the_mount_stands_when_the_program_of_the_jogging_client_hangs_and_its_library_answers_pings()
 {
    let observatory = Setup::default()
        .config("[command]\nping_ms = 100")
        .own_mount()
        .start();
    let mut client = observatory.client("telescope").await;
    client
        .call("mount.jog", jog("east", "find", 1_000))
        .await
        .unwrap();
    let wire = observatory.mount().wire();
    let ended = tokio::task::spawn_blocking(move || {
        wire.wait_for(|frame| frame.request == ":Qe#", PATIENCE)
    });
    tokio::pin!(ended);
    let mut pings = 0;
    let ended = loop {
        tokio::select! {
            ended = &mut ended => break ended.unwrap().expect("the lease ends"),
            message = client.socket().next() => {
                // Reading answers them.
                pings += usize::from(matches!(message, Some(Ok(Message::Ping(_)))));
            }
        }
    };
    assert!(pings > 2, "{pings} pings were answered");
    let frames = observatory.mount().wire().frames();
    let began = frames.iter().find(|frame| frame.request == ":Me#").unwrap();
    let jogged = ended.at.duration_since(began.at);
    println!(
        "a lease of 1000 ms ended after {} ms on the wire",
        jogged.as_millis()
    );
    assert!(jogged > Duration::from_millis(500));
    observatory.wait_for_security_event(|event| {
        event["event"] == "motion_stop"
            && event["reason"] == "the host stopped east of the telescope: its lease ran out"
    });
    client.call("host.info", json!({})).await.unwrap();
    rests(&observatory);
}

#[tokio::test]
async fn a_repeated_jog_passes_the_limit_and_writes_nothing_and_another_rate_is_a_new_order() {
    let observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    let begun = client
        .call("mount.jog", jog("north", "guide", 5_000))
        .await
        .unwrap();
    for _ in 0..200 {
        let renewed = client.call("mount.jog", jog("north", "guide", 5_000)).await;
        assert_eq!(renewed.unwrap(), begun);
    }
    let rates = |wire: &slewgate_simulator::Wire| {
        let frames = wire.frames().into_iter().map(|frame| frame.request);
        frames
            .filter(|request| request.starts_with(":R") || request.starts_with(":M"))
            .collect::<Vec<_>>()
    };
    settled(&mut client).await;
    assert_eq!(rates(&observatory.mount().wire()), [":RG#", ":Mn#"]);
    let faster = client
        .call("mount.jog", jog("north", "find", 5_000))
        .await
        .unwrap();
    assert_eq!(faster["motion"], begun["motion"], "the same motion goes on");
    settled(&mut client).await;
    let wire = observatory.mount().wire();
    assert_eq!(rates(&wire), [":RG#", ":Mn#", ":RM#", ":Mn#"]);
}

#[tokio::test]
async fn a_stop_of_one_direction_lets_the_other_axis_go_on() {
    let observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    client
        .call("mount.jog", jog("north", "find", 10_000))
        .await
        .unwrap();
    client
        .call("mount.jog", jog("east", "find", 10_000))
        .await
        .unwrap();
    let stopped = client
        .call("mount.stop", json!({ "direction": "north" }))
        .await;
    assert_eq!(stopped.unwrap(), json!({ "stopped": true }));
    ordered(&observatory, ":Qn#");
    let left = motions(&mut client).await;
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert_eq!(left[0]["label"], "east");
    settled(&mut client).await;
    assert_eq!(
        orders(&observatory.mount().wire()),
        [":Mn#", ":Me#", ":Qn#"]
    );
    assert!(observatory.mount().state().moving);
    let again = client
        .call("mount.stop", json!({ "direction": "north" }))
        .await;
    assert_eq!(again.unwrap(), json!({ "stopped": false }));
}

#[tokio::test]
async fn nobodys_rate_comes_between_the_rate_and_the_button_of_another() {
    let observatory = unlimited().own_mount().start();
    let token = observatory.token("telescope");
    let client = async |name| Client::authenticated(observatory.address(), &token, name).await;
    let (mut one, mut other) = (client("one").await, client("other").await);
    let presses = async {
        for _ in 0..50 {
            let begun = one.call("mount.jog", jog("north", "slew", 10_000)).await;
            begun.unwrap();
            let stop = json!({ "direction": "north" });
            one.call("mount.stop", stop).await.unwrap();
        }
    };
    let pulses = async {
        for _ in 0..100 {
            let pulse = json!({ "direction": "east", "duration_ms": 20 });
            // While the other jogs it is refused.
            if let Err(error) = other.call("mount.guide", pulse).await {
                assert_eq!(error["code"], -32004, "{error}");
            }
        }
    };
    tokio::join!(presses, pulses);
    settled(&mut one).await;
    let frames = observatory.mount().wire().frames();
    let requests = frames.iter().map(|frame| frame.request.as_str());
    let wanted = |request: &&str| request.starts_with(":R") || request.starts_with(":M");
    let presses: Vec<_> = requests.filter(wanted).collect();
    for press in presses.chunks(2) {
        let known = [[":RS#", ":Mn#"], [":RG#", ":Me#"]];
        assert!(known.iter().any(|pair| pair == press), "{presses:?}");
    }
}

#[tokio::test]
async fn once_a_jogging_client_is_gone_the_mount_tracks_and_obeys_anothers_guide_pulse() {
    let observatory = Setup::default().own_mount().start();
    let token = observatory.token("telescope");
    let client = async |name| Client::authenticated(observatory.address(), &token, name).await;
    let (mut one, mut other) = (client("one").await, client("other").await);
    one.call("mount.jog", jog("north", "find", 10_000))
        .await
        .unwrap();
    one.close().await;
    ordered(&observatory, ":Qn#");
    let pulse = json!({ "direction": "west", "duration_ms": 200 });
    other.call("mount.guide", pulse).await.unwrap();
    ordered(&observatory, ":Mw#");
    ordered(&observatory, ":Qw#");
    assert_eq!(
        orders(&observatory.mount().wire()),
        [":Mn#", ":Qn#", ":Mw#", ":Qw#"]
    );
    rests(&observatory);
}

#[tokio::test]
async fn the_end_of_one_clients_jog_fails_no_goto_of_who_takes_control_from_it() {
    let allowed = "[policies.telescope]\nsettings = { take_over = true }";
    let observatory = unlimited().own_mount().config(allowed).start();
    let token = observatory.token("telescope");
    let client = async |name| Client::authenticated(observatory.address(), &token, name).await;
    let mut other = client("other").await;
    let force = json!({ "force": true });
    for round in 0..30 {
        let mut one = client("one").await;
        one.call("control.take", force.clone()).await.unwrap();
        one.call("mount.jog", jog("north", "find", 10_000))
            .await
            .unwrap();
        other.request("control.take", force.clone()).await;
        let goto = json!({ "altitude": 50 + round % 2, "azimuth": 150 });
        let id = other.request("mount.goto", goto).await;
        match round % 3 {
            0 => one.abort(),
            1 => one.close().await,
            _ => {
                let stop = json!({ "direction": "north" });
                one.call("mount.stop", stop).await.unwrap();
            }
        }
        let begun = other.reply(id).await;
        assert!(begun.is_ok(), "round {round}: {begun:?}");
    }
    let left = motions(&mut other).await;
    assert_eq!(left[0]["label"], "goto", "{left}");
    // Only for the jog of the next round, which takes the place of the goto.
    let orders = orders(&observatory.mount().wire());
    let stray = |pair: &[String]| pair[0] == ":Q#" && pair[1] != ":Mn#";
    assert!(!orders.windows(2).any(stray), "{orders:?}");
    assert_ne!(orders.last().unwrap(), ":Q#");
}

/// A client that was here a moment ago. What it said then may be read when the host looks for a sign of life, and count as one:
/// it is told that it is connected, and tries again.
async fn come_back(observatory: &Observatory, token: &str) -> Client {
    let first = json!({ "token": token, "client_id": "hasty" }).to_string();
    let back = async {
        loop {
            let mut client = Client::connect(observatory.address()).await;
            client.send(&first).await;
            if client.next().await["type"] == "auth_ok" {
                return client;
            }
            assert_eq!(client.closed().await.code, Some(4009));
        }
    };
    timeout(PATIENCE, back).await.expect("it is let in")
}

#[tokio::test]
async fn no_jog_outlives_its_client_however_quickly_that_leaves() {
    let observatory = unlimited().own_mount().start();
    let token = observatory.token("telescope");
    let mut watcher = Client::authenticated(observatory.address(), &token, "watcher").await;
    let directions = ["north", "east", "south", "west"];
    for round in 0..200 {
        // The same client each time, which so is in control.
        let mut hasty = come_back(&observatory, &token).await;
        let direction = directions[round % 4];
        let id = hasty
            .request("mount.jog", jog(direction, "find", 10_000))
            .await;
        match round % 5 {
            0 => hasty.abort(),
            1 => hasty.close().await,
            2 => drop(hasty),
            3 => {
                // A moment in which the plugin gets to its first bytes.
                observatory.wait("a motion", || {
                    let moves = observatory.mount().wire();
                    let wanted = format!(":M{}#", &direction[..1]);
                    orders(&moves).contains(&wanted).then_some(())
                });
                hasty.abort();
            }
            _ => {
                hasty.reply(id).await.unwrap();
                hasty.abort();
            }
        }
    }
    // Calls that are still under way come to their end, and the last closes are heard of.
    while watcher.call("host.info", json!({})).await.unwrap()["clients"] != 1 {
        tokio::task::yield_now().await;
    }
    rests(&observatory);
    assert_eq!(motions(&mut watcher).await, json!([]));
    let mut hasty = come_back(&observatory, &token).await;
    settled(&mut hasty).await;
    let mut newest = BTreeMap::new();
    for order in orders(&observatory.mount().wire()) {
        newest.insert(order[2..3].to_owned(), order);
    }
    let standing = |order: &String| order.starts_with(":Q");
    assert!(newest.values().all(standing), "{newest:?}");
    rests(&observatory);
}
