//! A handler and a policy are replaced a thousand times while many clients ask: nothing is lost, and nothing grows.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use slewgate_tests::{Client, Setup, long, test_component};
use tokio::task::JoinSet;
use tokio::time::interval;

/// Of the handler and of the policy at once.
const RELOADS: usize = 1_000;

/// A tenth of them: from then on memory is watched.
const WARM: usize = 10;

const CLIENTS: usize = 32;

/// Between two pairs of requests of a client: no more than 16,000 requests a second are admitted.
const PACE: Duration = Duration::from_millis(5);

/// How much more memory than after a tenth of the reloads is none.
const GROWTH: f64 = 1.10;

const CONFIG: &str = r#"
[command]
frames_per_second = 1_000_000
bytes_per_second = 1_000_000_000
[admission]
connections_per_source = 64
[lines.east]
[plugins.mount]
[plugins.unruly]
component = "unruly.wasm"
"#;

/// A component whose answers tell which build of it gave them.
struct Marked {
    component: Vec<u8>,
    /// Part of its answers, as it was written.
    text: &'static str,
    file: PathBuf,
}

impl Marked {
    fn new(name: &str, text: &'static str, file: PathBuf) -> Marked {
        let component = fs::read(test_component(name)).unwrap();
        Marked {
            component,
            text,
            file,
        }
    }

    /// Puts the build of this number in its place.
    fn put(&self, number: usize) {
        let (text, mark) = (self.text.as_bytes(), mark(number));
        let mut build = self.component.clone();
        let found: Vec<usize> = (0..build.len() - text.len())
            .filter(|at| build[*at..].starts_with(text))
            .collect();
        assert!(!found.is_empty(), "{} is nowhere in it", self.text);
        for at in found {
            build[at..at + mark.len()].copy_from_slice(mark.as_bytes());
        }
        let new = self.file.with_extension("new");
        fs::write(&new, build).unwrap();
        fs::rename(&new, &self.file).unwrap();
    }
}

/// As long as the beginning of each text that it takes the place of.
fn mark(number: usize) -> String {
    format!("{number:05}")
}

/// The number of the build that said this.
fn number(said: &str) -> usize {
    let digits = said.find(|letter: char| letter.is_ascii_digit());
    let digits = digits.and_then(|at| said.get(at..at + 5));
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_else(|| panic!("no build said {said}"))
}

/// Asks both again and again: each answer is of one build, and never of an older one than the answer before.
async fn ask(mut client: Client, newest: Arc<AtomicU64>, answered: Arc<AtomicU64>) {
    let (mut handler, mut policy) = (0, 0);
    let mut pace = interval(PACE);
    while newest.load(Ordering::Relaxed) < u64::MAX {
        pace.tick().await;
        let counted = client.call("unruly.counts", json!({})).await;
        let counted = counted.expect("an answer of the handler");
        let build = counted.as_object().unwrap().keys().next().unwrap();
        let build = number(build);
        assert!(build >= handler, "build {build} after {handler}");
        handler = build;

        let denied = client.call("mount.home", json!({})).await;
        let denied = denied.expect_err("an answer of the policy");
        assert_eq!(denied["code"], -32001, "{denied}");
        let build = number(denied["data"]["reason"].as_str().unwrap());
        assert!(build >= policy, "build {build} after {policy}");
        policy = build;
        answered.fetch_add(2, Ordering::Relaxed);
    }
}

/// Until both builds of this number serve.
async fn served(watcher: &mut Client) {
    let mut awaited = vec!["unruly", "observer"];
    while !awaited.is_empty() {
        let news = watcher.swap().await;
        assert_eq!(news["what"], "published", "{news}");
        awaited.retain(|name| news["plugin"]["name"] != *name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_and_a_policy_are_replaced_while_many_ask_and_nothing_is_lost_or_grows() {
    let observatory = Setup::default()
        .config(CONFIG)
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        // A line for each of millions of requests is of no use here.
        .variable("SLEWGATE_LOG", "info")
        .start();
    let data = observatory.data().to_owned();
    let handler = Marked::new("unruly", "calls\":", data.join("handlers/unruly.wasm"));
    let policy = Marked::new(
        "observer-parks",
        "nothing else",
        data.join("policies/observer.wasm"),
    );
    let mut watcher = observatory.client("telescope").await;
    let topics = json!({ "topics": ["plugins"] });
    watcher.call("events.subscribe", topics).await.unwrap();
    watcher.event("plugins").await;
    handler.put(0);
    policy.put(0);
    served(&mut watcher).await;

    let newest = Arc::<AtomicU64>::default();
    let answered = Arc::<AtomicU64>::default();
    let (mut asking, token) = (JoinSet::new(), observatory.token("observer"));
    for number in 0..CLIENTS {
        let id = format!("client-{number}");
        let client = Client::authenticated(observatory.address(), &token, &id).await;
        asking.spawn(ask(client, Arc::clone(&newest), Arc::clone(&answered)));
    }
    let reloads = long(RELOADS);
    let mut warm = 0.0;
    for number in 1..=reloads {
        handler.put(number);
        policy.put(number);
        served(&mut watcher).await;
        newest.store(number as u64, Ordering::Relaxed);
        if number == reloads / WARM {
            warm = observatory.holdings().memory_kib as f64;
        }
        assert_eq!(asking.len(), CLIENTS, "all go on");
        assert!(asking.try_join_next().is_none(), "all go on");
    }
    let last = observatory.holdings().memory_kib as f64;
    newest.store(u64::MAX, Ordering::Relaxed);
    while let Some(ended) = asking.join_next().await {
        ended.expect("a client whose requests were all answered");
    }
    println!(
        "{reloads} reloads of a handler and a policy; {} requests of {CLIENTS} clients, none lost or failed; memory after a tenth of them {warm} KiB, \
         after the last {last} KiB",
        answered.load(Ordering::Relaxed)
    );
    // After a few reloads allocators still find their size.
    if reloads == RELOADS {
        assert!(last <= warm * GROWTH, "{last} KiB after {warm} KiB");
    }
}

/// A component in which no text is found must not pass for a marked one.
#[test]
fn an_answer_names_its_build() {
    assert_eq!(number("00042\":"), 42);
    assert_eq!(number("an observer may look and park, 00007ng else"), 7);
    let value: Value = json!({ "00003": 1 });
    assert_eq!(number(value.as_object().unwrap().keys().next().unwrap()), 3);
}
