//! Who does not read what is sent to him.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use slewgate_tests::{PATIENCE, long};
use tokio::io::AsyncReadExt;
use tokio::time::{sleep, timeout};

use crate::authentication::heard;
use crate::scene::{Scene, each, says};
use crate::target::Target;
use crate::wire::{Peer, text};

/// Systems at both ends keep a lot for who does not read, so they ask for much.
fn asked() -> Vec<u8> {
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "rpc.discover" });
    text(&asked.to_string()).repeat(16)
}

fn scene(number: u8, name: &'static str) -> Scene {
    Scene::of(number, name)
        .ends_by_itself()
        .config("connections = 2_000\n[command]\nwrite_ms = 500\nframes_per_second = 1_000_000\nbytes_per_second = 1_000_000_000")
        .setup(|setup| setup.variable("REQUEST_LIMIT_PER_MINUTE", "1000000"))
}

/// It asks on and on, and reads nothing.
async fn reads_nothing(target: &Target, number: usize) {
    let asked = asked();
    if let Ok(mut peer) = target.session(number).await {
        while peer.send(&asked).await.is_ok() {}
    }
}

/// The same, but for a thousand bytes a second.
async fn reads_slowly(target: &Target, number: usize) {
    let Ok(mut peer) = target.session(number).await else {
        return;
    };
    let asked = asked();
    let mut bytes = [0; 100];
    loop {
        let (sent, _) = tokio::join!(peer.send(&asked), sleep(Duration::from_millis(100)));
        let Ok(()) = sent else {
            return;
        };
        if !matches!(peer.stream().read(&mut bytes).await, Ok(1..)) {
            return;
        }
    }
}

/// It looks again and again, as clients do, and is answered each time.
async fn looks(peer: &mut Peer, on: &Cell<bool>) {
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "host.info" });
    let asked = text(&asked.to_string());
    while on.get() {
        peer.send(&asked).await.unwrap();
        let answer = timeout(PATIENCE * 3, heard(peer)).await;
        let answer = answer.expect("an answer in time");
        assert!(answer["result"].is_object(), "{answer}");
        sleep(Duration::from_millis(100)).await;
    }
}

fn too_slow(line: &Value) -> bool {
    says("closed", "closed with 1013")(line)
}

#[tokio::test]
async fn abuse_42_one_at_a_thousand_bytes_a_second_among_two_hundred() {
    let others = long(200);
    let attack = |target: Target| async move {
        let mut all = Vec::new();
        for number in 1..=others {
            all.push(target.session(number).await.unwrap());
        }
        let is_there = Cell::new(true);
        let slow = async {
            reads_slowly(&target, 0).await;
            is_there.set(false);
        };
        let looking = all.iter_mut().map(|peer| looks(peer, &is_there));
        tokio::join!(slow, join_all(looking));
    };
    let scene = scene(42, "one at 1 KB/s among 200");
    scene.attacked(attack, too_slow).await;
}

#[tokio::test]
async fn abuse_43_five_hundred_that_read_nothing() {
    let readers = long(500);
    let attack = |target: Target| async move {
        each(readers, readers.min(50), async |number| {
            reads_nothing(&target, number).await;
        })
        .await;
    };
    let scene = scene(43, "500 that read nothing");
    scene.attacked(attack, too_slow).await;
}
