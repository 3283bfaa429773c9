//! A stop cannot be held up by anything that a host may have to do at once: see [`Crowd`].

use std::time::Duration;

use serde_json::{Value, json};
use slewgate_tests::{Crowd, long};

/// Under `--long`; otherwise a twentieth.
const STOPS: usize = 400;

const OLDER: u64 = 1_000_001;
const STOP: u64 = 1_000_002;
const YOUNGER: u64 = 1_000_003;

fn request(id: u64, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// A jog to the north, a stop and a jog to the south, for one write.
fn messages() -> [String; 3] {
    let jog = |way: &str| json!({ "direction": way, "rate": "center", "lease_ms": 10_000 });
    [
        request(OLDER, "mount.jog", &jog("north")),
        request(STOP, "mount.stop", &json!({})),
        request(YOUNGER, "mount.jog", &jog("south")),
    ]
}

/// What the mount was told after this frame, as far as it begins or ends a motion.
fn told_since(crowd: &Crowd, number: u64) -> Vec<String> {
    let frames = crowd.wire().frames().into_iter();
    frames
        .filter(|frame| frame.number > number)
        .map(|frame| frame.request)
        .filter(|request| request.starts_with(":M") || request.starts_with(":Q"))
        .collect()
}

/// The queue is full of pulses to the west, which were all read before the stop. None: it did not stay full for so long.
async fn stop(crowd: &mut Crowd) -> Option<Duration> {
    if !crowd.fill().await {
        return None;
    }
    let before = crowd.wire().received();
    let stopped = crowd.stop(&messages()).await;
    let reply = crowd.stopper.reply(STOP).await;
    assert_eq!(reply.unwrap(), json!({ "stopped": true }));
    for outcome in crowd.outcomes().await {
        let error = outcome.expect_err("it waited when the stop came");
        assert_eq!(error["code"], -32008, "{error}");
    }
    let older = crowd.stopper.reply(OLDER).await.unwrap_err();
    assert_eq!(older["code"], -32008, "{older}");
    crowd.stopper.reply(YOUNGER).await.unwrap();
    crowd.hears(":Ms#", before).await;
    // The stop, the younger jog and nothing that is older.
    assert_eq!(told_since(crowd, before), [":Q#", ":Ms#"]);
    Some(stopped.delay)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_stop_goes_after_all_that_is_older_and_before_all_that_is_younger_whatever_the_host_has_to_do()
 {
    let mut crowd = Crowd::gather().await;
    let (mut delays, mut rounds) = (Vec::new(), 0);
    while delays.len() < long(STOPS) {
        rounds += 1;
        assert!(rounds < 4 * long(STOPS), "{delays:?}");
        crowd.begin().await;
        delays.extend(stop(&mut crowd).await);
        crowd.end().await;
    }
    delays.sort();
    let of = |part: usize| delays[(delays.len() - 1) * part / 100];
    println!(
        "from the sending of a stop to its bytes at the mount, {} times in {rounds}: median {:?}, p99 {:?}, longest {:?}",
        delays.len(),
        of(50),
        of(99),
        of(100)
    );
    crowd.has_failed_plugins();
}
