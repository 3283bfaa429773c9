//! More than a client may ask. Case 38, a million addresses, is the limiter's own test: `security/tests/security/limits.rs`.

use rustix::io::Errno;
use serde_json::{Value, json};

use crate::authentication::heard;
use crate::row::left_out;
use crate::scene::{Scene, again_and_again, says};
use crate::target::Target;
use crate::wire::{Peer, UPGRADE, text};

/// Requests that a client may send at once.
const BURST: usize = 60;

fn request(id: usize, method: &str) -> Vec<u8> {
    let asked = json!({ "jsonrpc": "2.0", "id": id, "method": method });
    text(&asked.to_string())
}

/// Asks more than it may: the answer to the first request that is too much.
async fn exceed(peer: &mut Peer) -> Value {
    let all: Vec<_> = (1..=BURST + 1)
        .flat_map(|id| request(id, "host.info"))
        .collect();
    peer.send(&all).await.unwrap();
    loop {
        let answer = heard(peer).await;
        if answer["error"].is_object() {
            return answer;
        }
        assert!(answer["id"].as_u64() <= Some(BURST as u64), "{answer}");
    }
}

#[tokio::test]
async fn abuse_37_the_61st_request_and_its_wait() {
    let scene = Scene::of(37, "the 61st request");
    scene
        .suffered(async |stage| {
            let mut peer = stage.target.session(0).await.unwrap();
            let refused = exceed(&mut peer).await["error"].take();
            assert_eq!(refused["code"], -32002, "{refused}");
            let wait = refused["data"]["retry_after_ms"].as_u64().unwrap();
            assert!((1..=1_000).contains(&wait), "{refused}");
            let event = says("rate_limit", "");
            stage.observatory.wait_for_security_event(event)
        })
        .await;
}

#[tokio::test]
async fn abuse_39_ipv4_within_ipv6_is_the_same_source() {
    if let Err(error) = std::net::TcpListener::bind("[::]:0") {
        let errno = Errno::from_io_error(&error);
        let has_none = matches!(errno, Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL));
        assert!(has_none, "{error}");
        return left_out(39, "mapped IPv4: this machine has no IPv6");
    }
    let config = "unauthenticated_per_source = 1\n";
    let scene = Scene::of(39, "mapped IPv4").config(config).plain();
    scene
        .setup(|setup| setup.variable("WS_IP", "::"))
        .suffered(async |stage| {
            // The port hears of ::ffff:127.64.0.1.
            let first = stage.target.upgraded(0).await.unwrap();
            assert!(stage.target.upgraded(0).await.is_err());
            assert!(stage.target.upgraded(1).await.is_ok());
            drop(first);
            let limited = says("rate_limit", "too many connections from this source");
            let event = stage.observatory.wait_for_security_event(limited);
            assert_eq!(event["address"], "127.64.0.1");
            event
        })
        .await;
}

#[tokio::test]
async fn abuse_40_a_forged_x_forwarded_for() {
    let forged = "Host: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.7, ::1";
    let request = UPGRADE.replace("Host: 127.0.0.1", forged);
    let attack = |target: Target| {
        let request = &request;
        async move {
            again_and_again(8, async |number| {
                let Ok(stream) = target.connect(number).await else {
                    return;
                };
                let claim = text(r#"{"token":"wrong","client_id":"forger"}"#);
                if let Ok(mut peer) = Peer::upgraded_by(stream, request).await
                    && peer.send(&claim).await.is_ok()
                {
                    peer.closed().await;
                }
            })
            .await;
        }
    };
    // With the address of who really asked.
    Scene::of(40, "forged X-Forwarded-For")
        .attacked(attack, |line| line["client_id"] == "forger")
        .await;
}

#[tokio::test]
async fn abuse_41_a_stop_while_limited() {
    let scene = Scene::of(41, "a stop while limited");
    scene
        .suffered(async |stage| {
            stage.observatory.told(&[r#""message":"attached""#]);
            let mut peer = stage.target.session(0).await.unwrap();
            exceed(&mut peer).await;
            peer.send(&request(100, "mount.stop")).await.unwrap();
            let stopped = loop {
                let answer = heard(&mut peer).await;
                if answer["id"] == 100 {
                    break answer;
                }
            };
            assert!(stopped["result"].is_object(), "{stopped}");
            let limited = says("rate_limit", "");
            stage.observatory.wait_for_security_event(limited)
        })
        .await;
}
