//! Who may do what: the policies that come with the host, and a client type that has none.

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory};

const DENIED: i64 = -32001;

/// The methods that `rpc.discover` shows a client, with their effects.
async fn discovered(client: &mut Client) -> Vec<(String, String)> {
    let document = client.call("rpc.discover", json!({})).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let methods = document["methods"].as_array().unwrap().iter();
    methods
        .map(|method| (text(&method["name"]), text(&method["x-effect"])))
        .collect()
}

#[tokio::test]
async fn an_observers_goto_is_denied_with_the_policys_reason_and_its_status_works() {
    let observatory = Observatory::start();
    let mut observer = observatory.client("observer").await;
    let goto = json!({ "altitude": 60, "azimuth": 120 });
    let error = observer.call("mount.goto", goto).await.unwrap_err();
    assert_eq!(error["code"], DENIED);
    assert_eq!(error["message"], "permission denied");
    let reason = "an observer may look, not move anything";
    assert_eq!(error["data"]["reason"], reason);
    let status = observer.call("mount.status", json!({})).await.unwrap();
    assert!(
        status["ra"].is_f64() && status["slewing"] != true,
        "{status}"
    );
    let info = observer.call("host.info", json!({})).await.unwrap();
    assert_eq!(info["plugins"]["mount"]["motions"], json!([]));
    let denied = observatory.wait_for_security_event(|event| event["event"] == "denied");
    assert_eq!(denied["subject"], "mount.goto");
    assert_eq!(denied["reason"], reason);
    assert_eq!(denied["client_type"], "observer");
    assert_eq!(denied["address"], "127.0.0.1");
}

#[tokio::test]
async fn an_observer_may_neither_stop_nor_jog_nor_park_nor_change_tracking() {
    let observatory = Observatory::start();
    let mut observer = observatory.client("observer").await;
    for (method, params) in [
        ("mount.stop", json!({})),
        ("mount.jog", json!({ "direction": "north" })),
        ("mount.park", json!({})),
        ("mount.track", json!({ "mode": "off" })),
    ] {
        let error = observer.call(method, params).await.unwrap_err();
        assert_eq!(error["code"], DENIED, "{method}: {error}");
        observatory.wait_for_security_event(|event| {
            event["event"] == "denied" && event["subject"] == method
        });
    }
}

#[tokio::test]
async fn discovery_lists_to_each_what_it_may_call() {
    let observatory = Observatory::start();
    let mut observer = observatory.client("observer").await;
    let of_observer = discovered(&mut observer).await;
    assert!(of_observer.iter().any(|(name, _)| name == "mount.status"));
    assert!(
        of_observer.iter().all(|(_, effect)| effect == "observe"),
        "{of_observer:?}"
    );
    let mut telescope = observatory.client("telescope").await;
    let of_telescope = discovered(&mut telescope).await;
    for name in ["mount.goto", "mount.jog", "mount.stop", "mount.track"] {
        assert!(
            of_telescope.iter().any(|(known, _)| known == name),
            "{name} is not in {of_telescope:?}"
        );
    }
}

#[tokio::test]
async fn a_client_type_without_a_policy_is_denied_everything_and_yet_authenticates() {
    let observatory = Observatory::start();
    let mut guest = observatory.client("guest").await;
    for (method, params) in [
        ("host.info", json!({})),
        ("host.plugins", json!({})),
        ("rpc.discover", json!({})),
        ("events.subscribe", json!({ "topics": ["mount.status"] })),
        ("mount.status", json!({})),
        ("mount.goto", json!({ "altitude": 60, "azimuth": 120 })),
        ("mount.stop", json!({})),
    ] {
        let error = guest.call(method, params).await.unwrap_err();
        assert_eq!(error["code"], DENIED, "{method}: {error}");
        let reason = error["data"]["reason"].as_str().unwrap();
        assert!(reason.contains("guest"), "{method}: {reason}");
    }
    let accepted = observatory.wait_for_security_event(|event| event["event"] == "auth_ok");
    assert_eq!(accepted["client_type"], "guest");
}
