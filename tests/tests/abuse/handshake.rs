//! Before there is a WebSocket.

use std::time::Duration;

use serde_json::{Value, json};
use slewgate_tests::long;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

use crate::authentication::heard;
use crate::scene::{Scene, again_and_again, each, says};
use crate::target::{Stream, Target, probe, reset};
use crate::wire::{UPGRADE, text};

/// With which a client begins TLS: a record of 512 bytes that says hello (RFC 8446, 5.1 and 4).
const HELLO: [u8; 9] = [22, 3, 1, 2, 0, 1, 0, 1, 252];

/// With which a client begins HTTP/2 (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The connection was ended, whoever found it wrong.
fn ended(line: &Value) -> bool {
    line["event"] == "closed" || line["event"] == "rate_limit"
}

/// Waits until the host ends it.
async fn to_the_end(stream: &mut Stream) {
    let mut bytes = [0; 4 * 1024];
    while matches!(stream.read(&mut bytes).await, Ok(1..)) {}
}

/// Sends slowly what never comes to its end, for as long as it is taken.
async fn drip(stream: &mut Stream, bytes: &[u8]) {
    for byte in bytes {
        let sent = stream.write_all(&[*byte]).await;
        if sent.is_err() || stream.flush().await.is_err() {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    to_the_end(stream).await;
}

/// One who sends this where a request for a WebSocket should be, and reads what becomes of it.
pub(crate) async fn says_once(target: &Target, number: usize, bytes: &[u8]) {
    if let Ok(mut stream) = target.connect(number).await
        && stream.write_all(bytes).await.is_ok()
        && stream.flush().await.is_ok()
    {
        to_the_end(&mut stream).await;
    }
}

#[tokio::test]
async fn abuse_01_two_thousand_silent_connections() {
    let silent = async |target: &Target, number| {
        if let Ok(stream) = target.tcp(number).await {
            probe(&stream).unwrap();
            to_the_end(&mut (Box::new(stream) as Stream)).await;
        }
    };
    let clients = long(2_000);
    let attack = |target: Target| async move {
        each(clients, clients, async |number| {
            silent(&target, number).await
        })
        .await;
    };
    let scene = Scene::of(1, "2,000 silent connections")
        .ends_by_itself()
        .impatient();
    scene
        .attacked(attack, |line| {
            let reason = line["reason"].as_str().unwrap_or_default();
            ["no complete upgrade in time", "no TLS in time"].contains(&reason)
        })
        .await;
}

#[tokio::test]
async fn abuse_02_tls_one_byte_a_time() {
    let attack = |target: Target| async move {
        each(16, 16, async |number| {
            let stream = target.tcp(number).await.unwrap();
            drip(
                &mut (Box::new(stream) as Stream),
                &[&HELLO[..], &[0; 500]].concat(),
            )
            .await;
        })
        .await;
    };
    let scene = Scene::of(2, "TLS, a byte at a time")
        .over_tls()
        .ends_by_itself()
        .impatient();
    scene
        .attacked(attack, says("closed", "no TLS in time"))
        .await;
}

#[tokio::test]
async fn abuse_03_slow_headers() {
    let attack = |target: Target| async move {
        each(16, 16, async |number| {
            if let Ok(mut stream) = target.connect(number).await {
                drip(&mut stream, UPGRADE.as_bytes()).await;
            }
        })
        .await;
    };
    let scene = Scene::of(3, "slow headers").ends_by_itself().impatient();
    scene
        .attacked(attack, says("closed", "no complete upgrade in time"))
        .await;
}

#[tokio::test]
async fn abuse_04_headers_of_64_kib() {
    let long = format!(
        "GET / HTTP/1.1\r\n{}\r\n",
        format!("X-Filler: {}\r\n", "x".repeat(1_000)).repeat(64)
    );
    let attack = |target: Target| {
        let long = &long;
        async move {
            again_and_again(8, async |number| {
                says_once(&target, number, long.as_bytes()).await
            })
            .await;
        }
    };
    Scene::of(4, "64 KiB of headers")
        .attacked(
            attack,
            says("closed", "over the bytes that an upgrade may have"),
        )
        .await;
}

#[tokio::test]
async fn abuse_05_what_is_another_protocol() {
    let attack = |target: Target| async move {
        again_and_again(8, async |number| match (number % 4, &target.tls) {
            (0, _) => says_once(&target, number, &[&[0xfe; 300][..], b"\r\n\r\n"].concat()).await,
            (1, _) => says_once(&target, number, PREFACE).await,
            // To each port what the other one speaks.
            (2, None) => says_once(&target, number, &HELLO.repeat(80)).await,
            (2, Some(_)) => {
                let plain = Target {
                    tls: None,
                    ..target.clone()
                };
                says_once(&plain, number, UPGRADE.as_bytes()).await;
            }
            _ => says_once(&target, number, b"GET / HTTP/1.1\r\n\r\n").await,
        })
        .await;
    };
    Scene::of(5, "another protocol")
        .attacked(attack, ended)
        .await;
}

#[tokio::test]
async fn abuse_06_wrong_key_version_and_upgrade() {
    let wrong = [
        ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="),
        ("Version: 13", "Version: 12"),
        ("Upgrade: websocket\r\n", ""),
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Connection: Upgrade", "Connection: close"),
        ("GET", "POST"),
        ("HTTP/1.1", "HTTP/1.0"),
    ];
    let attack = |target: Target| async move {
        again_and_again(8, async |number| {
            let (right, wrong) = wrong[number % wrong.len()];
            let request = UPGRADE.replace(right, wrong);
            says_once(&target, number, request.as_bytes()).await;
        })
        .await;
    };
    Scene::of(6, "wrong key, version, upgrade")
        .attacked(attack, says("closed", "no websocket upgrade"))
        .await;
}

#[tokio::test]
async fn abuse_07_out_of_descriptors() {
    let room = "unauthenticated = 1_000\nearly_drop = 1_000\n";
    let scene = Scene::of(7, "out of descriptors").config(room).plain();
    scene
        .suffered(async |stage| {
            let held = stage.observatory.holdings().descriptors as u64;
            stage.observatory.limit_descriptors(held + 8);
            let mut held_open = Vec::new();
            for number in 0..32 {
                held_open.push(stage.target.tcp(number).await.unwrap());
            }
            let told = "cannot accept connections; trying again";
            stage.observatory.told(&[told]);
            drop(held_open);
            let mut newcomer = stage.target.session(1_000).await.unwrap();
            let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "host.info" });
            newcomer.send(&text(&asked.to_string())).await.unwrap();
            let answer = heard(&mut newcomer).await;
            assert!(answer["result"].is_object(), "{answer}");
            json!({ "event": "log", "reason": told })
        })
        .await;
}

#[tokio::test]
async fn abuse_08_reset_at_each_point() {
    let attack = |target: Target| async move {
        again_and_again(8, async |number| {
            let _ = reset_at(number % 6, &target, number).await;
        })
        .await;
    };
    Scene::of(8, "reset at each point")
        .attacked(attack, ended)
        .await;
}

async fn reset_at(point: usize, target: &Target, number: usize) -> std::io::Result<()> {
    let claim = text(&target.claim(&format!("attacker-{number}")).to_string());
    let stream = match point {
        0 => Box::new(target.tcp(number).await?),
        1 => {
            let mut stream = target.connect(number).await?;
            stream.write_all(&UPGRADE.as_bytes()[..40]).await?;
            stream.flush().await?;
            stream
        }
        2 => target.upgraded(number).await?.into_stream(),
        3 => {
            let mut peer = target.upgraded(number).await?;
            peer.send(&claim[..claim.len() / 2]).await?;
            peer.into_stream()
        }
        4 => target.session(number).await?.into_stream(),
        _ => {
            let mut peer = target.session(number).await?;
            let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "host.info" });
            peer.send(&text(&asked.to_string())).await?;
            peer.into_stream()
        }
    };
    reset(stream);
    Ok(())
}

#[tokio::test]
async fn abuse_09_ten_thousand_connects() {
    let clients = long(10_000);
    let attack = |target: Target| async move {
        each(clients, 32, async |number| {
            let _ = target.tcp(number).await;
        })
        .await;
    };
    let scene = Scene::of(9, "10,000 connects").ends_by_itself();
    scene.attacked(attack, ended).await;
}

#[tokio::test]
async fn abuse_10_a_half_open_peer() {
    let attack = |target: Target| async move {
        each(8, 8, async |number| {
            if let Ok(mut peer) = target.session(number).await {
                // As one whose link is gone: it answers no ping, and never ends.
                peer.lost().await;
            }
        })
        .await;
    };
    let scene = Scene::of(10, "a half-open peer").ends_by_itself();
    scene
        .config("[command]\nping_ms = 1_000")
        .attacked(attack, says("closed", "no answer to pings"))
        .await;
}
