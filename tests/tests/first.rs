//! The main path, end to end.

use serde_json::json;
use slewgate_tests::Observatory;

#[tokio::test]
async fn a_goto_runs_from_the_socket_to_the_mount() {
    let observatory = Observatory::start();
    let mut client = observatory.client("telescope").await;
    let begun = client
        .call("mount.goto", json!({ "altitude": 60, "azimuth": 120 }))
        .await
        .unwrap();
    assert!(begun["motion"].is_u64(), "{begun}");
    client
        .call("events.subscribe", json!({ "topics": ["mount.status"] }))
        .await
        .unwrap();
    while client.event("mount.status").await["data"]["slewing"] != true {}
}
