//! A host that has everything to do at once: many who poll, a queue that is full, plugins that loop, a policy that traps.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slewgate_simulator::{Frame, Lx200Settings, Wire};
use slewgate_sky::{Site, SystemClock};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::{Client, Cord, Kind, Observatory, PATIENCE, Setup, test_component};

/// Who ask for the status again and again.
const POLLERS: usize = 50;
/// Who want the line at once: more than its queue has places for (64).
const PULSERS: usize = 80;
/// So many of them find it full.
const TURNED_AWAY: usize = PULSERS - 64;

/// What others ask whenever they were answered.
const BUSY: [&str; 6] = [
    "unruly.loops",
    "unruly.loops",
    "patient.loops",
    "mount.info",
    "mount.info",
    "host.info",
];

/// Nobody is limited by anything but the queue of the line. One component loops in two tables: with the default budget, and with
/// one in which it takes a second.
const CONFIG: &str = r#"
[site]
latitude = 51.4779
longitude = 0
elevation = 46
[command]
frames_per_second = 1_000_000
bytes_per_second = 1_000_000_000
[engine]
instances = 96
queue = 256
quarantine_failures = 1_000_000_000
[plugins.mount]
[plugins.unruly]
component = "unruly.wasm"
[plugins.patient]
component = "unruly.wasm"
compute_ms = 1_000
"#;

/// See the module. Its mount is the test's, and obeys also where it answers nothing.
pub struct Crowd {
    observatory: Observatory,
    cord: Cord,
    /// May do everything, and is no part of the crowd.
    pub stopper: Client,
    busy: watch::Sender<bool>,
    pulses: watch::Sender<u64>,
    outcomes: mpsc::UnboundedReceiver<Result<Value, Value>>,
    /// Pulses of the last time whose outcomes are still to come.
    waiting: usize,
    /// The crowd's own thread, so that it does not hold up who measures.
    runtime: Option<Runtime>,
}

/// A stop on the wire.
#[derive(Debug)]
pub struct Stopped {
    /// The first that the mount received after it was sent.
    pub frame: Frame,
    /// From just before it was sent until then.
    pub delay: Duration,
}

impl Crowd {
    /// Everybody is there, and quiet.
    pub async fn gather() -> Crowd {
        let (cord, observatory) = host();
        let stopper = unruly(&observatory).await;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (tell, outcomes) = mpsc::unbounded_channel();
        let mut crowd = Crowd {
            cord,
            stopper,
            busy: watch::Sender::new(false),
            pulses: watch::Sender::new(0),
            outcomes,
            waiting: 0,
            runtime: Some(runtime),
            observatory,
        };
        crowd.join(&tell).await;
        crowd.settle().await;
        crowd
    }

    async fn join(&self, tell: &mpsc::UnboundedSender<Result<Value, Value>>) {
        let (telescope, unruly) = (
            self.observatory.token("telescope"),
            self.observatory.token("unruly"),
        );
        for number in 0..POLLERS {
            let name = format!("poller-{number}");
            self.repeats(&telescope, &name, "mount.status").await;
        }
        for (number, method) in BUSY.into_iter().enumerate() {
            let name = format!("busy-{number}");
            self.repeats(&telescope, &name, method).await;
        }
        // What the policy `unruly` does follows from the name of its client.
        for name in ["traps", "loops"] {
            self.repeats(&unruly, name, "host.info").await;
        }
        for number in 0..PULSERS {
            self.pulses(&telescope, &format!("pulser-{number}"), tell.clone())
                .await;
        }
    }

    /// One who asks this whenever it was answered, however, while the crowd is busy.
    async fn repeats(&self, token: &str, name: &str, method: &'static str) {
        let mut client = self.client(token, name).await;
        let mut busy = self.busy.subscribe();
        self.runtime().spawn(async move {
            while busy.wait_for(|busy| *busy).await.is_ok() {
                let _ = client.call(method, json!({})).await;
            }
        });
    }

    /// One who wants the mount to move a little, each time that it is told to want it.
    async fn pulses(
        &self,
        token: &str,
        name: &str,
        tell: mpsc::UnboundedSender<Result<Value, Value>>,
    ) {
        let mut client = self.client(token, name).await;
        let mut pulses = self.pulses.subscribe();
        self.runtime().spawn(async move {
            while pulses.changed().await.is_ok() {
                let params = json!({ "direction": "west", "duration_ms": 100 });
                let outcome = client.call("mount.guide", params).await;
                if tell.send(outcome).is_err() {
                    return;
                }
            }
        });
    }

    async fn client(&self, token: &str, name: &str) -> Client {
        let (address, token, name) = (
            self.observatory.address(),
            token.to_owned(),
            name.to_owned(),
        );
        let client = async move { Client::authenticated(address, &token, &name).await };
        self.runtime().spawn(client).await.expect("a client")
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it goes with the crowd")
    }

    /// What the mount was told.
    pub fn wire(&self) -> Wire {
        self.cord.wire()
    }

    /// From now on everybody is busy and the mount answers nothing; returns with a question to it under way, behind which all others
    /// wait.
    pub async fn begin(&mut self) {
        self.busy.send_replace(true);
        self.cord.hush(true);
        let before = self.wire().received();
        self.frame(move |frame| frame.number > before).await;
    }

    /// From now on the mount answers and nobody asks; returns when it was heard, and stands.
    pub async fn end(&mut self) {
        self.busy.send_replace(false);
        self.cord.hush(false);
        let stopped = self.stopper.call("mount.stop", json!({})).await;
        stopped.expect("a telescope may stop");
        self.outcomes().await;
        self.settle().await;
    }

    /// Everything that was written before has been obeyed: the mount answers in its order. Where it stands has been seen, so that
    /// nobody has to look before it moves.
    async fn settle(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let settled = json!({ "mode": "sidereal" });
        while let Err(error) = self.stopper.call("mount.track", settled.clone()).await {
            assert!(Instant::now() < deadline, "{error}");
        }
        let seen = self.stopper.call("mount.status", json!({})).await;
        seen.expect("the mount answers");
    }

    /// Fills the queue of the line with pulses; their outcomes are still to come. False: the question before them ran out of its time,
    /// and some went out.
    pub async fn fill(&mut self) -> bool {
        self.pulses.send_modify(|round| *round += 1);
        self.waiting = PULSERS;
        let mut away = 0;
        while away < TURNED_AWAY && self.waiting > 0 {
            let outcome = self.outcome().await;
            away += usize::from(outcome.is_err_and(|error| error["code"] == -32006));
        }
        away == TURNED_AWAY && self.waiting == PULSERS - TURNED_AWAY
    }

    /// What became of the pulses that were in the queue.
    pub async fn outcomes(&mut self) -> Vec<Result<Value, Value>> {
        let mut outcomes = Vec::new();
        while self.waiting > 0 {
            outcomes.push(self.outcome().await);
        }
        outcomes
    }

    async fn outcome(&mut self) -> Result<Value, Value> {
        self.waiting -= 1;
        let outcome = timeout(PATIENCE * 3, self.outcomes.recv()).await;
        outcome.expect("in time").expect("the crowd is there")
    }

    /// Sends messages in one write, one of which is a stop: when it was on the wire. Its reply is still to be read. What the mount is
    /// asked after it, it answers.
    pub async fn stop(&mut self, messages: &[String]) -> Stopped {
        self.cord.hush(false);
        let before = self.wire().received();
        let asked = Instant::now();
        self.stopper.send_together(messages).await;
        let frame = self.hears(":Q#", before).await;
        let delay = frame.at.saturating_duration_since(asked);
        Stopped { frame, delay }
    }

    /// The log tells that plugins were stopped in their loops and that a policy trapped.
    ///
    /// # Panics
    /// Where it does not.
    pub fn has_failed_plugins(&self) {
        for outcome in ["a plugin failed", "a plugin ran out of its time or memory"] {
            self.observatory.told(&[outcome]);
        }
    }

    /// The first frame of this request after the one with this number.
    pub async fn hears(&self, request: &'static str, after: u64) -> Frame {
        self.frame(move |frame| frame.number > after && frame.request == request)
            .await
    }

    async fn frame(&self, wanted: impl Fn(&Frame) -> bool + Send + 'static) -> Frame {
        let wire = self.wire();
        let seen = tokio::task::spawn_blocking(move || wire.wait_for(wanted, PATIENCE)).await;
        seen.expect("a thread")
            .unwrap_or_else(|| panic!("not on the wire: {:?}", self.wire().frames()))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn host() -> (Cord, Observatory) {
    let greenwich = Site {
        latitude: 51.4779,
        longitude: 0.0,
        elevation: 46.0,
    };
    let settings = Lx200Settings::new(greenwich, Arc::new(SystemClock));
    let cord = Cord::plugged(Kind::Terminal, settings);
    let line = format!("[lines.east]\ndevice = \"{}\"", cord.device());
    let setup = Setup::default().config(&line).config(CONFIG);
    let observatory = setup
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .variable("SLEWGATE_LOG", "info")
        .start();
    (cord, observatory.attached())
}

/// The components of the tests serve when this returns.
async fn unruly(observatory: &Observatory) -> Client {
    let mut client = observatory.client("telescope").await;
    let topics = json!({ "topics": ["plugins"] });
    let subscribed = client.call("events.subscribe", topics).await;
    subscribed.expect("a telescope may listen");
    client.event("plugins").await;
    for (component, place) in [
        ("unruly", "handlers/unruly.wasm"),
        ("unruly-policy", "policies/unruly.wasm"),
    ] {
        let to = observatory.data().join(place);
        fs::copy(test_component(component), to).expect("a copy");
    }
    // Two tables and a policy.
    for _ in 0..3 {
        let news = client.swap().await;
        assert_eq!(news["what"], "published", "{news}");
    }
    client
}
