//! Every request gets its reply, and no more than its due.

use std::fs;

use serde_json::{Value, json};
use slewgate_tests::{Observatory, PATIENCE, Setup};

fn batch(method: &str, size: u64) -> String {
    let calls: Vec<_> = (1..=size)
        .map(|id| json!({ "jsonrpc": "2.0", "id": id, "method": method }))
        .collect();
    Value::from(calls).to_string()
}

#[tokio::test]
async fn a_batch_whose_replies_are_too_long_together_still_gets_one_for_each_request() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    client.send(&batch("rpc.discover", 32)).await;
    let replies = client.next().await;
    let ids: Vec<_> = replies
        .as_array()
        .unwrap()
        .iter()
        .map(|reply| reply["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (1..=32).collect::<Vec<_>>());
    assert!(client.call("host.info", json!({})).await.is_ok());
}

#[tokio::test]
async fn a_stop_that_does_not_fit_stops_everything_and_names_the_field() {
    let observatory = Setup::default().own_mount().start().attached();
    let mut client = observatory.client("telescope").await;
    let wire = observatory.mount().wire();
    for (params, field) in [
        (json!({ "direction": "nroth" }), "direction"),
        (json!({ "direction": 5 }), "direction"),
        (json!({ "bogus": 1 }), "bogus"),
    ] {
        let before = wire
            .frames()
            .iter()
            .filter(|frame| frame.request == ":Q#")
            .count();
        let refused = client.call("mount.stop", params).await.unwrap_err();
        assert_eq!(
            (&refused["code"], &refused["data"]["field"]),
            (&json!(-32602), &json!(field)),
            "{refused}"
        );
        observatory.wait("a stop on the wire", || {
            let stops = wire
                .frames()
                .iter()
                .filter(|frame| frame.request == ":Q#")
                .count();
            (stops > before).then_some(())
        });
    }
    let nothing_moves = client
        .call("mount.stop", json!({ "direction": "north" }))
        .await;
    assert_eq!(nothing_moves, Ok(json!({ "stopped": false })));
}

#[tokio::test]
async fn stops_that_are_denied_count_like_other_requests() {
    let observatory = Observatory::start();
    for client_type in ["observer", "nobody-in-particular"] {
        let mut client = observatory.client(client_type).await;
        for _ in 0..5 {
            client.send(&batch("mount.stop", 32)).await;
        }
        let closed = client.closed().await;
        assert_eq!(closed.code, Some(4008), "{client_type}: {closed:?}");
    }
}

/// Waits until this became of a plugin.
fn swapped(observatory: &Observatory, what: &str) {
    observatory.wait_for_security_event(|event| {
        let reason = event["reason"].as_str().unwrap_or_default();
        event["event"] == "plugin_swap" && reason.starts_with(what)
    });
}

#[tokio::test]
async fn a_jog_is_not_renewed_once_the_policy_denies_it() {
    let observatory = Setup::default().own_mount().start();
    let mut client = observatory.client("telescope").await;
    let jog = json!({ "direction": "north", "rate": "slew", "lease_ms": 5_000 });
    client.call("mount.jog", jog.clone()).await.unwrap();
    let policies = observatory.data().join("policies");
    fs::copy(
        policies.join("observer.wasm"),
        policies.join("telescope.wasm"),
    )
    .unwrap();
    swapped(&observatory, "published");
    for _ in 0..3 {
        let denied = client.call("mount.jog", jog.clone()).await.unwrap_err();
        assert_eq!(denied["code"], -32001, "{denied}");
    }
    observatory.wait("the end of the lease", || {
        (!observatory.mount().state().moving).then_some(())
    });
}

#[tokio::test]
async fn who_may_not_listen_any_more_hears_nothing_more() {
    let observatory = Observatory::start();
    let mut observer = observatory.client("observer").await;
    observer
        .call("events.subscribe", json!({ "topics": ["mount.status"] }))
        .await
        .unwrap();
    observer.event("mount.status").await;
    fs::remove_file(observatory.data().join("policies/observer.wasm")).unwrap();
    swapped(&observatory, "removed");
    let denied = async {
        while observer.call("mount.status", json!({})).await.is_ok() {}
        // What was on its way when the policy went.
        while tokio::time::timeout(
            std::time::Duration::from_secs(2),
            observer.event("mount.status"),
        )
        .await
        .is_ok()
        {}
    };
    tokio::time::timeout(PATIENCE, denied)
        .await
        .expect("the events end");
}
