//! Between the WebSocket and a token.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};
use slewgate_tests::long;
use tokio::time::sleep;

use crate::handshake::says_once;
use crate::scene::{Scene, Stage, again_and_again, each, says};
use crate::target::Target;
use crate::wire::{BINARY, PING, Peer, TEXT, UPGRADE, frame, text};

/// One whose first message this is: the code with which it is sent away.
pub(crate) async fn first(target: &Target, number: usize, bytes: &[u8]) -> Option<u16> {
    let mut peer = target.upgraded(number).await.ok()?;
    peer.send(bytes).await.ok()?;
    peer.closed().await
}

/// Whoever shows these first is sent away so; from a new address each time.
async fn rejected(scene: Scene, firsts: &[String], event: impl Fn(&Value) -> bool) {
    let attack = |target: Target| async move {
        again_and_again(8, async |number| {
            let bytes = text(&firsts[number % firsts.len()]);
            first(&target, number, &bytes).await;
        })
        .await;
    };
    scene.attacked(attack, event).await;
}

#[tokio::test]
async fn abuse_11_silence() {
    let attack = |target: Target| async move {
        each(16, 16, async |number| {
            if let Ok(mut peer) = target.upgraded(number).await {
                peer.closed().await;
            }
        })
        .await;
    };
    let scene = Scene::of(11, "silence").impatient().ends_by_itself();
    scene
        .attacked(attack, says("auth_failed", "Authentication timeout"))
        .await;
}

#[tokio::test]
async fn abuse_12_one_byte_at_a_time() {
    let attack = |target: Target| async move {
        each(16, 16, async |number| {
            let Ok(mut peer) = target.upgraded(number).await else {
                return;
            };
            for byte in text(&target.claim("slow").to_string()) {
                if peer.send(&[byte]).await.is_err() {
                    return;
                }
                sleep(Duration::from_millis(50)).await;
            }
            peer.closed().await;
        })
        .await;
    };
    let scene = Scene::of(12, "a byte at a time")
        .impatient()
        .ends_by_itself();
    scene
        .attacked(attack, says("auth_failed", "Authentication timeout"))
        .await;
}

#[tokio::test]
async fn abuse_13_json_that_is_none_or_deep_or_ambiguous_or_huge() {
    let deep = format!(r#"{{"token":{}1{}"#, "[".repeat(1_500), "]".repeat(1_500));
    let firsts = [
        "{".to_owned(),
        deep,
        r#"{"token":"a","token":"b","client_id":"x"}"#.to_owned(),
        format!(r#"{{"token":1{},"client_id":1e99999}}"#, "0".repeat(2_000)),
    ];
    rejected(
        Scene::of(13, "JSON: none, deep, keys twice, huge numbers"),
        &firsts,
        says("auth_failed", ""),
    )
    .await;
}

#[tokio::test]
async fn abuse_14_wrong_types() {
    let firsts = [
        r#"{"token":1,"client_id":"x"}"#,
        r#"{"token":null,"client_id":"x"}"#,
        r#"{"token":{"$ne":1},"client_id":"x"}"#,
        r#"["token","x"]"#,
        r#""token""#,
    ];
    let scene = Scene::of(14, "wrong types");
    rejected(
        scene,
        &firsts.map(str::to_owned),
        says("auth_failed", "Authentication error"),
    )
    .await;
}

#[tokio::test]
async fn abuse_15_bad_client_ids() {
    let ids = [
        json!(""),
        json!("x".repeat(65)),
        json!("a\nb"),
        json!("\u{1b}[2J"),
        json!("\u{0}"),
        json!(7),
        json!(["x"]),
    ];
    let firsts = ids.map(|id| json!({ "token": "wrong", "client_id": id }).to_string());
    let scene = Scene::of(15, "bad client ids");
    rejected(scene, &firsts, says("auth_failed", "Client ID required")).await;
}

#[tokio::test]
async fn abuse_16_wrong_tokens() {
    let attack = |target: Target| async move {
        // How many lines it is, and how much memory: `tests/aggregated.rs`.
        again_and_again(16, async |number| {
            let claim = json!({ "token": "wrong", "client_id": "attacker" });
            first(&target, number, &text(&claim.to_string())).await;
        })
        .await;
    };
    Scene::of(16, "wrong tokens")
        .attacked(attack, says("auth_failed", "unknown or revoked token"))
        .await;
}

#[tokio::test]
async fn abuse_17_binary() {
    let attack = |target: Target| async move {
        again_and_again(8, async |number| {
            let claim = target.claim("binary").to_string();
            first(&target, number, &frame(BINARY, claim.as_bytes())).await;
        })
        .await;
    };
    Scene::of(17, "binary")
        .attacked(attack, says("auth_failed", "Invalid JSON"))
        .await;
}

#[tokio::test]
async fn abuse_18_pings() {
    let pings = frame(PING, b"anybody there?").repeat(200);
    let attack = |target: Target| {
        let pings = &pings;
        async move {
            again_and_again(8, async |number| {
                first(&target, number, pings).await;
            })
            .await;
        }
    };
    Scene::of(18, "pings")
        .attacked(attack, says("rate_limit", "may come before authentication"))
        .await;
}

#[tokio::test]
async fn abuse_19_twice() {
    let scene = Scene::of(19, "authentication twice");
    scene
        .suffered(async |stage| {
            let mut peer = stage.target.session(0).await.unwrap();
            let claim = stage.target.claim("another").to_string();
            peer.send(&text(&claim)).await.unwrap();
            let answer = heard(&mut peer).await;
            assert_eq!(answer["error"]["code"], -32600, "{answer}");
            // It is who it was, and goes on.
            let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "host.info" });
            peer.send(&text(&asked.to_string())).await.unwrap();
            assert!(heard(&mut peer).await["result"].is_object());
            let again = json!({ "event": "answered", "reason": answer["error"]["message"] });
            let log = stage.observatory.security_log();
            assert!(log.iter().all(|line| line["client_id"] != "another"));
            again
        })
        .await;
}

/// The next message of the host.
pub(crate) async fn heard(peer: &mut Peer) -> Value {
    loop {
        let (first, payload) = peer.hear().await.unwrap();
        if first == TEXT {
            return serde_json::from_slice(&payload).unwrap();
        }
    }
}

/// What becomes of who shows this token, in all that he can see.
async fn outcome(target: &Target, number: usize, token: &str) -> (Value, Option<u16>) {
    let mut peer = target.upgraded(number).await.unwrap();
    let claim = json!({ "token": token, "client_id": "visitor" });
    peer.send(&text(&claim.to_string())).await.unwrap();
    let told = heard(&mut peer).await;
    (told, peer.closed().await)
}

/// The host runs on a clock that tests cannot move, so the token is written with a past of its own, as people write into the file.
fn with_a_past(stage: &Stage, token: &str, key: &str, time: &str) {
    stage.observatory.keep_secret(token);
    let file = stage.observatory.data().join("api_tokens.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut tokens: Value = serde_json::from_str(&text).unwrap();
    tokens[token] = json!({ "name": "a visitor", "client_type": "observer", key: time });
    std::fs::write(&file, tokens.to_string()).unwrap();
}

#[tokio::test]
async fn abuse_20_expired_revoked_and_not_yet_valid_are_one_to_a_stranger() {
    let scene = Scene::of(20, "expired, revoked, not yet valid");
    scene
        .suffered(async |stage| {
            let observatory = &stage.observatory;
            with_a_past(
                stage,
                "the-expired-one-1",
                "expires",
                "2020-01-01T00:00:00Z",
            );
            with_a_past(
                stage,
                "the-future-one-12",
                "not_before",
                "2120-01-01T00:00:00Z",
            );
            let revoked = observatory.token("observer");
            let id = revoked.split('_').nth(1).unwrap();
            assert!(observatory.run(&["token", "revoke", id]).status.success());
            observatory.wait_for_security_event(|line| {
                line["token_id"] == id && line["reason"] == "removed"
            });
            let mut outcomes = Vec::new();
            let shown = [
                "the-expired-one-1",
                "the-future-one-12",
                &revoked,
                "unknown",
            ];
            for (number, token) in shown.into_iter().enumerate() {
                outcomes.push(outcome(&stage.target, number, token).await);
            }
            let told = json!({ "type": "auth_failed", "error": "Authentication failed" });
            assert_eq!(outcomes, vec![(told, Some(4001)); 4]);
            for reason in ["the token has expired", "the token is not valid yet"] {
                observatory.wait_for_security_event(|line| line["reason"] == reason);
            }
            observatory.wait_for_security_event(|line| line["event"] == "auth_failed")
        })
        .await;
}

#[tokio::test]
async fn abuse_21_revoked_while_connected() {
    let scene = Scene::of(21, "revoked while connected");
    scene
        .suffered(async |stage| {
            let observatory = &stage.observatory;
            let token = observatory.token("observer");
            let target = Target {
                token: token.clone(),
                ..stage.target.clone()
            };
            let mut peer = target.session(0).await.unwrap();
            let revoked = observatory.run(&["token", "revoke", &token]);
            assert!(revoked.status.success(), "{revoked:?}");
            assert_eq!(peer.closed().await, Some(4001));
            observatory.wait_for_security_event(|line| {
                line["event"] == "closed" && line["client_id"] == "attacker-0"
            })
        })
        .await;
}

#[tokio::test]
async fn abuse_22_rotation() {
    let scene = Scene::of(22, "rotation");
    scene
        .suffered(async |stage| {
            let observatory = &stage.observatory;
            let old = observatory.token("observer");
            let rotated = observatory.run(&["token", "rotate", "--json", &old]);
            assert!(rotated.status.success(), "{rotated:?}");
            let rotated: Value = serde_json::from_slice(&rotated.stdout).unwrap();
            let id = &rotated["id"];
            observatory.wait_for_security_event(|line| line["token_id"] == *id);
            // Both let their clients in, for a while.
            for (number, token) in [old.as_str(), rotated["token"].as_str().unwrap()]
                .into_iter()
                .enumerate()
            {
                let target = Target {
                    token: token.to_owned(),
                    ..stage.target.clone()
                };
                target.session(number).await.unwrap();
            }
            observatory.wait_for_security_event(|line| {
                line["event"] == "auth_ok" && line["token_id"] == *id
            })
        })
        .await;
}

#[tokio::test]
async fn abuse_23_a_thousand_race_for_one_id() {
    let racers = long(1_000);
    let scene = Scene::of(23, "1,000 racing for one id").ends_by_itself();
    let attack = |target: Target| async move {
        let codes = RefCell::new(Vec::new());
        each(racers, 24, async |number| {
            let claim = text(&target.claim("one-and-only").to_string());
            let Ok(mut peer) = target.upgraded(number).await else {
                return;
            };
            let Ok(()) = peer.send(&claim).await else {
                return;
            };
            if let Ok((TEXT, told)) = peer.hear().await
                && String::from_utf8_lossy(&told).contains("auth_failed")
            {
                let code = peer.closed().await;
                codes.borrow_mut().push(code);
            }
        })
        .await;
        let codes = codes.into_inner();
        // One that was gone before it was answered heard no code.
        assert!(
            codes.iter().all(|code| matches!(code, Some(4009) | None)),
            "{codes:?}"
        );
    };
    let config = "unauthenticated = 1_000\nearly_drop = 1_000\n";
    scene
        .config(config)
        .attacked(attack, says("auth_ok", ""))
        .await;
}

#[tokio::test]
async fn abuse_24_the_token_in_the_url() {
    let attack = |target: Target| async move {
        each(8, 8, async |number| {
            let with_token = format!("GET /?token={} ", target.token);
            let request = UPGRADE.replace("GET / ", &with_token);
            // It lets nobody in: this one says nothing after it.
            says_once(&target, number, request.as_bytes()).await;
        })
        .await;
    };
    let scene = Scene::of(24, "the token in the URL")
        .impatient()
        .ends_by_itself();
    scene
        .attacked(attack, says("auth_failed", "Authentication timeout"))
        .await;
}

#[tokio::test]
async fn abuse_25_pages_of_others() {
    let others = [
        (
            "Host: 127.0.0.1",
            "Host: 127.0.0.1\r\nOrigin: http://evil.example",
        ),
        ("Host: 127.0.0.1", "Host: 127.0.0.1\r\nOrigin: null"),
        (
            "Host: 127.0.0.1",
            "Host: rebound.example\r\nOrigin: http://rebound.example",
        ),
    ];
    let attack = |target: Target| async move {
        again_and_again(8, async |number| {
            let (own, other) = others[number % others.len()];
            let request = UPGRADE.replace(own, other);
            says_once(&target, number, request.as_bytes()).await;
        })
        .await;
    };
    Scene::of(25, "pages of others")
        .attacked(attack, |line| {
            // Not one of them got a WebSocket, for which there would be silence or a token to tell.
            assert_ne!(line["event"], "auth_failed", "{line}");
            line["event"] == "closed"
                && (says("closed", "[server] names")(line)
                    || says("closed", "[web] public_urls")(line))
        })
        .await;
}
