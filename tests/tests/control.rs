//! One client at a time moves the mount; anybody who may stops it.

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, Setup};

const TAKE_OVER: &str = "[policies.telescope]\nsettings = { take_over = true }";

/// Two clients, each with a token of its own.
async fn two(observatory: &Observatory) -> (Client, Client) {
    let client = async |name| {
        let token = observatory.token("telescope");
        Client::authenticated(observatory.address(), &token, name).await
    };
    (client("dome").await, client("desk").await)
}

fn goto(azimuth: f64) -> Value {
    json!({ "altitude": 50, "azimuth": azimuth })
}

async fn holder(client: &mut Client) -> Value {
    let info = client.call("host.info", json!({})).await.unwrap();
    info["plugins"]["mount"]["control"].clone()
}

#[tokio::test]
async fn who_does_not_control_the_mount_is_told_who_does_and_may_still_stop_it() {
    let observatory = Setup::default().own_mount().start();
    let (mut dome, mut desk) = two(&observatory).await;
    dome.call("mount.goto", goto(90.0)).await.unwrap();
    for (method, params) in [
        ("mount.goto", goto(180.0)),
        ("mount.jog", json!({ "direction": "north" })),
        ("mount.track", json!({ "mode": "solar" })),
        ("control.take", json!({ "plugin": "mount" })),
    ] {
        let error = desk.call(method, params).await.unwrap_err();
        assert_eq!(error["code"], -32005, "{method}: {error}");
        assert_eq!(
            error["data"]["holder"], "the telescope",
            "{method}: {error}"
        );
    }
    assert_eq!(holder(&mut desk).await["client_id"], "dome");
    desk.call("mount.stop", json!({})).await.unwrap();
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
    let orders = slewgate_tests::orders(&observatory.mount().wire());
    assert!(
        !orders
            .iter()
            .any(|order| order.starts_with(":M") && order != ":MS#"),
        "{orders:?}"
    );
}

#[tokio::test]
async fn control_that_is_released_is_taken_by_the_next_order() {
    let observatory = Setup::default().own_mount().start();
    let (mut dome, mut desk) = two(&observatory).await;
    let mut watcher = observatory.client("observer").await;
    let topics = json!({ "topics": ["control"] });
    watcher.call("events.subscribe", topics).await.unwrap();
    let mut news = async || watcher.event("control").await["data"].take();
    assert_eq!(news().await, json!({ "holders": { "mount": null } }));
    dome.call("mount.track", json!({ "mode": "sidereal" }))
        .await
        .unwrap();
    let taken = news().await;
    let dome_holds = json!({ "name": "the telescope", "client_id": "dome" });
    assert_eq!(
        (&taken["what"], &taken["holder"]),
        (&json!("taken"), &dome_holds)
    );
    let released = dome.call("control.release", json!({})).await.unwrap();
    assert_eq!(released, json!({ "plugin": "mount", "holder": null }));
    assert_eq!(news().await["what"], "released");
    desk.call("mount.goto", goto(120.0)).await.unwrap();
    assert_eq!(news().await["what"], "taken");
    observatory.wait_for_security_event(|event| {
        event["event"] == "control" && event["subject"] == "mount"
    });
}

#[tokio::test]
async fn control_is_taken_from_another_only_where_the_policy_allows_it_and_ends_the_others_jog() {
    let careful = Setup::default().own_mount().start();
    let (mut dome, mut desk) = two(&careful).await;
    dome.call("control.take", json!({})).await.unwrap();
    let force = json!({ "plugin": "mount", "force": true });
    let denied = desk.call("control.take", force.clone()).await.unwrap_err();
    assert_eq!(denied["code"], -32001, "{denied}");
    assert_eq!(holder(&mut desk).await["client_id"], "dome");

    let observatory = Setup::default().own_mount().config(TAKE_OVER).start();
    let (mut dome, mut desk) = two(&observatory).await;
    let topics = json!({ "topics": ["mount.motion"] });
    dome.call("events.subscribe", topics).await.unwrap();
    let jog = json!({ "direction": "north", "lease_ms": 10_000 });
    dome.call("mount.jog", jog.clone()).await.unwrap();
    desk.call("control.take", force).await.unwrap();
    let ended = loop {
        let news = dome.event("mount.motion").await["data"].take();
        if news["happening"] == "ended" {
            break news;
        }
    };
    assert_eq!(ended["why"], "control_lost", "{ended}");
    assert_eq!(
        dome.call("mount.jog", jog).await.unwrap_err()["code"],
        -32005
    );
    observatory.wait("rest", || {
        (!observatory.mount().state().moving).then_some(())
    });
    observatory.wait_for_security_event(|event| {
        event["event"] == "control"
            && event["reason"]
                .as_str()
                .is_some_and(|why| why.starts_with("taken_over"))
    });
}

#[tokio::test]
async fn who_guides_beside_the_one_in_control_is_obeyed_and_takes_no_control() {
    let observatory = Setup::default().own_mount().start();
    let (mut dome, mut desk) = two(&observatory).await;
    dome.call("control.take", json!({})).await.unwrap();
    let pulse = json!({ "direction": "west", "duration_ms": 100 });
    desk.call("mount.guide", pulse).await.unwrap();
    let found = observatory
        .mount()
        .wire()
        .wait_for(|frame| frame.request == ":Mw#", slewgate_tests::PATIENCE);
    assert!(found.is_some());
    dome.call("mount.track", json!({ "mode": "sidereal" }))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_client_of_the_same_token_takes_control_without_force() {
    let observatory = Setup::default().own_mount().start();
    let token = observatory.token("telescope");
    let client = async |name| Client::authenticated(observatory.address(), &token, name).await;
    let (mut shell, mut page) = (client("call").await, client("page").await);
    shell.call("mount.goto", goto(90.0)).await.unwrap();
    let refused = page.call("mount.goto", goto(120.0)).await.unwrap_err();
    assert_eq!(refused["data"]["client_id"], "call", "{refused}");
    page.call("control.take", json!({})).await.unwrap();
    page.call("mount.goto", goto(120.0)).await.unwrap();
    let refused = shell.call("mount.goto", goto(90.0)).await.unwrap_err();
    assert_eq!(refused["code"], -32005, "{refused}");
}

#[tokio::test]
async fn a_plugin_that_is_not_there_cannot_be_controlled() {
    let observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    let error = client
        .call("control.take", json!({ "plugin": "dome" }))
        .await
        .unwrap_err();
    assert_eq!(error["code"], -32602, "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .ends_with("there are: mount"),
        "{error}"
    );
}
