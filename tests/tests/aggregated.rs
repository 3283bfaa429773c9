//! A flood of failures is a few lines of the security log, whose counts tell of each, and no memory.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, PATIENCE, Setup, long};
use tokio_tungstenite::tungstenite::Message;

/// Connections of the flood at a time: fewer than there are places.
const AT_ONCE: usize = 16;
const VICTIM: [u8; 4] = [127, 0, 0, 7];

async fn wrong_token(observatory: &Observatory) {
    let mut client = Client::connect(observatory.address()).await;
    let first = json!({ "token": "wrong", "client_id": "attacker" });
    client.send_message(Message::text(first.to_string())).await;
    assert_eq!(client.closed().await.code, Some(4001));
}

/// So many failures; meanwhile a client from another address comes and goes, and how often it did.
async fn flood(observatory: &Arc<Observatory>, token: &str, failures: usize) -> usize {
    let left = Arc::new(AtomicUsize::new(failures));
    let attackers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (observatory, left) = (Arc::clone(observatory), Arc::clone(&left));
            let takes_one = move || {
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(1)
                })
            };
            tokio::spawn(async move {
                while takes_one().is_ok() {
                    wrong_token(&observatory).await;
                }
            })
        })
        .collect();
    let mut came = 0;
    while attackers.iter().any(|attacker| !attacker.is_finished()) {
        let mut victim = Client::from(VICTIM, observatory.address()).await.unwrap();
        victim.authenticate(token, "victim").await;
        victim.call("host.info", json!({})).await.unwrap();
        victim.close().await;
        came += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for attacker in attackers {
        attacker.await.unwrap();
    }
    came
}

/// The security log over all its files.
fn whole_log(data: &Path) -> Vec<Value> {
    let entries = fs::read_dir(data.join("security/logs")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.to_str().unwrap().contains("security.log"));
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let texts: Vec<_> = texts.collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_wrong_tokens_are_a_few_lines_and_others_come_in_meanwhile() {
    let failures = long(100_000);
    // There is room for the flood, and no line in the program's log for each of its connections.
    let setup = Setup::default()
        .config("[admission]\nunauthenticated = 1000\nearly_drop = 1000")
        .variable("SLEWGATE_LOG", "info")
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000");
    let observatory = Arc::new(setup.start());
    let token = observatory.token("observer");
    flood(&observatory, &token, 1_000).await;
    let before = observatory.holdings();
    let began = Instant::now();
    let came = flood(&observatory, &token, failures).await;
    let took = began.elapsed();
    // What a heap keeps is a tenth at most.
    let (most, until) = (before.memory_kib / 10, Instant::now() + PATIENCE);
    let mut after = observatory.holdings();
    while !after.is_within(&before, most) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(100)).await;
        after = observatory.holdings();
    }
    assert!(
        after.is_within(&before, most),
        "{before:?} became {after:?}"
    );
    println!(
        "{failures} wrong tokens in {took:?}, {came} times the victim came in; {before:?} before, {after:?} after"
    );

    let mut observatory = Arc::into_inner(observatory).unwrap();
    observatory.terminate();
    assert_eq!(observatory.exit_code(), Some(0));
    let events = whole_log(observatory.data());
    let of = |kind: &'static str| events.iter().filter(move |event| event["event"] == kind);
    let count = |event: &Value| event["count"].as_u64().unwrap_or(1);
    let failed: u64 = of("auth_failed").map(count).sum();
    let lost: u64 = of("gap").map(count).sum();
    let all = failures as u64 + 1_000;
    assert!(
        failed <= all && failed + lost >= all,
        "{failed} and {lost} of {all}"
    );
    let minutes = 2 + took.as_secs() / 60;
    let lines = of("auth_failed").count() as u64;
    assert!(lines <= 21 * minutes, "{lines} lines in {minutes} minutes");
    let text = serde_json::to_string(&events).unwrap();
    assert!(!text.contains(&token));
}
