//! Plugins that do what none should: what their clients are told, what the log keeps, and that nobody else notices.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_tests::{Client, Observatory, Setup, test_component};

/// The default computing budget of a call.
const BUDGET: Duration = Duration::from_millis(50);

/// Answered by the host alone, by another plugin, and by the plugin that loops.
const METHODS: [&str; 3] = ["host.info", "mount.info", "patient.counts"];

/// Clients may ask as fast as they can. One component is in two tables: with the default budget, and with one in which
/// others can do a lot.
const CONFIG: &str = r#"
[command]
frames_per_second = 1_000_000
bytes_per_second = 1_000_000_000
[lines.east]
[plugins.mount]
[plugins.unruly]
component = "unruly.wasm"
[plugins.patient]
component = "unruly.wasm"
compute_ms = 1_000
memory_mib = 16
"#;

/// A host with a component of the tests, which serves as soon as this returns.
async fn observatory(component: &str, place: &str, names: &[&str]) -> Observatory {
    let observatory = Setup::default()
        .config(CONFIG)
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .start();
    let mut client = observatory.client("telescope").await;
    let topics = json!({ "topics": ["plugins"] });
    client.call("events.subscribe", topics).await.unwrap();
    client.event("plugins").await;
    fs::copy(test_component(component), observatory.data().join(place)).unwrap();
    let mut awaited = names.len();
    while awaited > 0 {
        let news = client.swap().await;
        assert_eq!(news["what"], "published", "{news}");
        assert!(
            names.iter().any(|name| news["plugin"]["name"] == *name),
            "{news}"
        );
        awaited -= 1;
    }
    observatory
}

async fn with_handler() -> Observatory {
    observatory("unruly", "handlers/unruly.wasm", &["unruly", "patient"]).await
}

async fn with_policy() -> Observatory {
    observatory("unruly-policy", "policies/unruly.wasm", &["unruly"]).await
}

async fn fails(client: &mut Client, method: &str) -> Value {
    client.call(method, json!({})).await.unwrap_err()
}

/// The log tells of the incident that the client was told.
fn is_in_the_log(observatory: &Observatory, error: &Value) {
    let incident = error["data"]["incident"].as_str().unwrap();
    observatory.told(&[&format!("\"incident\":\"{incident}\"")]);
}

#[tokio::test]
async fn an_endless_loop_ends_with_its_budget_and_an_incident() {
    let observatory = with_handler().await;
    let mut client = observatory.client("telescope").await;
    let began = Instant::now();
    let error = fails(&mut client, "unruly.loops").await;
    let took = began.elapsed();
    assert_eq!(error["code"], -32007, "{error}");
    is_in_the_log(&observatory, &error);
    assert!(took >= BUDGET, "{took:?}");
    println!("an endless loop with a budget of {BUDGET:?} is answered after {took:?}");
}

#[tokio::test]
async fn while_a_plugin_loops_others_are_served() {
    let observatory = with_handler().await;
    let token = observatory.token("telescope");
    let mut looping = Client::authenticated(observatory.address(), &token, "looping").await;
    let mut other = Client::authenticated(observatory.address(), &token, "other").await;
    let mut rounds = 0..100;
    let quiet = ask(&mut other, || rounds.next().is_some()).await;
    let looping = tokio::spawn(async move { fails(&mut looping, "patient.loops").await });
    let meanwhile = ask(&mut other, || !looping.is_finished()).await;
    let error = looping.await.unwrap();
    assert_eq!(error["code"], -32007, "{error}");
    let served = meanwhile.iter().map(Vec::len).sum::<usize>();
    assert!(
        served > 9,
        "{served} answers while the plugin computed for a second"
    );
    for ((method, quiet), meanwhile) in METHODS.iter().zip(quiet).zip(meanwhile) {
        println!(
            "p99 of {method}: {:?} while all is quiet, {:?} while a plugin loops",
            p99(quiet),
            p99(meanwhile)
        );
    }
}

/// Calls each of [`METHODS`] in turn: how long each answer took.
async fn ask(client: &mut Client, mut on: impl FnMut() -> bool) -> [Vec<Duration>; 3] {
    let mut took: [Vec<Duration>; 3] = Default::default();
    while on() {
        for (method, took) in METHODS.iter().zip(&mut took) {
            let began = Instant::now();
            client.call(method, json!({})).await.unwrap();
            took.push(began.elapsed());
        }
    }
    took
}

fn p99(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() * 99 / 100]
}

#[tokio::test]
async fn what_a_call_printed_that_failed_is_one_entry_of_the_log_right_before_its_incident() {
    let observatory = with_handler().await;
    let mut client = observatory.client("telescope").await;
    client.call("unruly.counts", json!({})).await.unwrap();
    let error = fails(&mut client, "unruly.traps").await;
    is_in_the_log(&observatory, &error);
    let log = observatory.log();
    let entries: Vec<&str> = log.lines().collect();
    let incident = error["data"]["incident"].as_str().unwrap();
    let at = entries.iter().position(|entry| entry.contains(incident));
    let before: Value = serde_json::from_str(entries[at.unwrap() - 1]).unwrap();
    assert_eq!(before["printed"], "it ends here:\nthis is why", "{before}");
    assert_eq!(before["plugin"], "unruly", "{before}");
}

#[tokio::test]
async fn what_hoards_memory_is_exhausted_and_what_traps_is_at_fault() {
    let observatory = with_handler().await;
    let mut client = observatory.client("telescope").await;
    for (method, code) in [("patient.hoards", -32007), ("unruly.traps", -32603)] {
        let error = fails(&mut client, method).await;
        assert_eq!(error["code"], code, "{error}");
        is_in_the_log(&observatory, &error);
    }
    observatory.told(&["out of memory: more than 16777216 bytes"]);
}

#[tokio::test]
async fn an_instance_that_failed_is_never_called_again() {
    let observatory = with_handler().await;
    let mut client = observatory.client("telescope").await;
    for method in ["traps", "hoards", "loops"] {
        fails(&mut client, &format!("unruly.{method}")).await;
        for calls in 1..=2 {
            let counted = client.call("unruly.counts", json!({})).await.unwrap();
            assert_eq!(counted, json!({ "calls": calls }), "after {method}");
        }
    }
}

#[tokio::test]
async fn a_policy_that_traps_or_loops_denies_and_decides_on() {
    let observatory = with_policy().await;
    let token = observatory.token("unruly");
    let mut quiet = Client::authenticated(observatory.address(), &token, "quiet").await;
    for behaviour in ["traps", "loops"] {
        let mut client = Client::authenticated(observatory.address(), &token, behaviour).await;
        let denied = fails(&mut client, "host.info").await;
        assert_eq!(denied["code"], -32001, "{denied}");
        assert_eq!(denied["data"]["reason"], "the policy failed", "{denied}");
        let denied = fails(&mut client, "mount.stop").await;
        assert_eq!(denied["code"], -32001, "{denied}");
        quiet.call("host.info", json!({})).await.unwrap();
    }
    for outcome in ["a plugin failed", "a plugin ran out of its time or memory"] {
        observatory.told(&[outcome]);
    }
}

/// The answers to the same request, three times.
async fn thrice(client: &mut Client, method: &str, params: &Value) -> [bool; 3] {
    let mut answered = [false; 3];
    for answer in &mut answered {
        *answer = client.call(method, params.clone()).await.is_ok();
    }
    answered
}

/// The policy allows the same twice, which no policy should; who is asked no more allows it for ever.
#[tokio::test]
async fn a_policy_is_asked_again_unless_it_allowed_an_observation_without_a_look_at_the_situation()
{
    let observatory = with_policy().await;
    let token = observatory.token("unruly");
    let mut counts = Client::authenticated(observatory.address(), &token, "counts").await;
    let mut looks = Client::authenticated(observatory.address(), &token, "looks").await;
    let (nothing, sidereal) = (json!({}), json!({ "mode": "sidereal" }));
    assert_eq!(thrice(&mut counts, "host.info", &nothing).await, [true; 3]);
    let denied = [true, true, false];
    assert_eq!(thrice(&mut looks, "host.info", &nothing).await, denied);
    assert_eq!(thrice(&mut counts, "mount.track", &sidereal).await, denied);
}
