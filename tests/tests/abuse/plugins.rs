//! Plugins that do what none should, in a host that serves others.

use std::time::Duration;

use serde_json::{Value, json};
use slewgate_tests::{UNRESTRAINED, long};
use tokio::time::sleep;

use crate::authentication::heard;
use crate::scene::{Scene, Stage, each};
use crate::target::{Target, reset};
use crate::wire::{PING, PONG, Peer, frame, text};

const PLUGINS: &str = r#"
[plugins.hostile]
component = "hostile.wasm"
lines = { port = "east" }
limits = "off"
wait_ms = 200
[plugins.brief]
component = "hostile.wasm"
wait_ms = 50
[plugins.roomy]
component = "hostile.wasm"
compute_ms = 5_000
memory_mib = 1_024
"#;

fn scene(number: u8, name: &'static str) -> Scene {
    let scene = Scene::of(number, name).plain();
    let scene = scene.config(UNRESTRAINED).config(PLUGINS);
    scene.setup(|setup| {
        setup
            .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
            .component("hostile", "handlers/hostile.wasm")
            .component("hostile-policy", "policies/hostile.wasm")
    })
}

/// What a plugin is asked to do, and the error that its client gets.
async fn acts(peer: &mut Peer, plugin: &str, does: &str) -> Value {
    let params = json!({ "does": does });
    let method = format!("{plugin}.acts");
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    peer.send(&text(&asked.to_string())).await.unwrap();
    heard(peer).await["error"].take()
}

/// Eight clients have plugins do these, again and again; each is told of its incident, which is in the log.
async fn failed(stage: &Stage, rounds: usize, all: &[(&str, &str)]) -> Value {
    each(8, 8, async |number| {
        let mut peer = stage.target.session(number).await.unwrap();
        for round in 0..rounds {
            let (plugin, does) = all[(number + round) % all.len()];
            let error = acts(&mut peer, plugin, does).await;
            let code = error["code"].as_i64();
            assert!(matches!(code, Some(-32007 | -32603)), "{does}: {error}");
        }
    })
    .await;
    let mut peer = stage.target.session(100).await.unwrap();
    let (plugin, does) = all[0];
    let error = acts(&mut peer, plugin, does).await;
    let incident = error["data"]["incident"].as_str().unwrap();
    stage
        .observatory
        .told(&[&format!("\"incident\":\"{incident}\"")]);
    json!({ "event": "log", "reason": format!("an incident: {}", error["message"]) })
}

#[tokio::test]
async fn abuse_52_an_endless_loop() {
    scene(52, "endless loop")
        .suffered(async |stage| failed(stage, long(200), &[("hostile", "loops")]).await)
        .await;
}

#[tokio::test]
async fn abuse_53_memory() {
    let all = [
        ("hostile", "hoards"),
        ("hostile", "fills"),
        ("hostile", "copies"),
        ("hostile", "bombs"),
    ];
    scene(53, "memory")
        .suffered(async |stage| failed(stage, long(100), &all).await)
        .await;
}

#[tokio::test]
async fn abuse_54_a_trap() {
    // In each function: `host/engine/tests`, where a component traps in whatever it is told to.
    scene(54, "trap")
        .suffered(async |stage| failed(stage, long(1_000), &[("hostile", "traps")]).await)
        .await;
}

#[tokio::test]
async fn abuse_55_a_result_of_100_mb() {
    let all = [("roomy", "pours"), ("roomy", "rambles"), ("roomy", "nests")];
    scene(55, "100 MB result")
        .suffered(async |stage| failed(stage, long(40), &all).await)
        .await;
}

#[tokio::test]
async fn abuse_56_handles_and_recursion() {
    let all = [("hostile", "opens"), ("hostile", "recurses")];
    scene(56, "handles and recursion")
        .suffered(async |stage| failed(stage, long(200), &all).await)
        .await;
}

#[tokio::test]
async fn abuse_57_a_policy_that_traps_denies() {
    scene(57, "policy that traps")
        .suffered(async |stage| {
            let target = Target {
                token: stage.observatory.token("hostile"),
                ..stage.target.clone()
            };
            for (number, does) in ["traps", "loops", "hoards"].into_iter().enumerate() {
                let mut peer = target.upgraded(number).await.unwrap();
                // What it does follows from the name of the client.
                let claim = target.claim(does).to_string();
                peer.send(&text(&claim)).await.unwrap();
                assert_eq!(heard(&mut peer).await["type"], "auth_ok");
                for _ in 0..long(200) {
                    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "host.info" });
                    peer.send(&text(&asked.to_string())).await.unwrap();
                    let denied = heard(&mut peer).await;
                    assert_eq!(denied["error"]["code"], -32001, "{denied}");
                }
            }
            stage
                .observatory
                .wait_for_security_event(|line| line["event"] == "denied")
        })
        .await;
}

#[tokio::test]
async fn abuse_58_ten_thousand_calls_cut_off() {
    let calls = long(10_000);
    scene(58, "10,000 calls cut off")
        .suffered(async |stage| {
            let before = counted(stage, "brief");
            each(calls, 8, async |number| {
                let mut peer = stage.target.session(number).await.unwrap();
                let params = json!({ "does": "waits" });
                let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "brief.acts", "params": params });
                peer.send(&text(&asked.to_string())).await.unwrap();
                // All that came is read, then what is to be sent is sent, then it is carried out: a pong says that the call begins.
                peer.send(&frame(PING, b"begun?")).await.unwrap();
                while peer.hear().await.unwrap().0 != PONG {}
                // Gone before there can be an answer.
                reset(peer.into_stream());
                // The call goes on for its time, and takes one of the places that the plugin's calls have.
                sleep(Duration::from_millis(50)).await;
            })
            .await;
            // The policy is asked before: where it takes its time, the client is gone before the call.
            let begun = stage.observatory.wait_long("calls that ended", || {
                let begun = counted(stage, "brief") - before;
                (begun >= calls as u64 * 3 / 4).then_some(begun)
            });
            stage.observatory.wait_for_security_event(|line| {
                line["event"] == "closed" && line["client_id"] == "attacker-0"
            });
            json!({ "event": "plugin list", "reason": format!("{begun} of {calls} calls had begun") })
        })
        .await;
}

/// How many calls of a plugin have begun and ended.
fn counted(stage: &Stage, plugin: &str) -> u64 {
    let listed = stage.observatory.run(&["plugin", "list", "--json"]);
    let reports: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let mut reports = reports.as_array().unwrap().iter();
    let report = reports.find(|report| report["name"] == plugin).unwrap();
    report["usage"]["calls"].as_u64().unwrap()
}
