//! The way of a request from the socket to a plugin and back, beside what two echoes take.

use std::fs;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde_json::json;
use slewgate_tests::{Observatory, Setup, test_component};

use crate::Extent;
use crate::blocks::{Blocks, quantile};
use crate::client::{Connection, Request};
use crate::echo;
use crate::process::{Echo, Together, processor_time};

/// Connections of the widest load.
const CONNECTIONS: usize = 32;

/// Nothing of this is limited; the plugin has no line, and its command `counts` answers how often it was called.
const CONFIG: &str = r#"
[command]
frames_per_second = 1_000_000
bytes_per_second = 1_000_000_000
[plugins.plugin]
component = "unruly.wasm"
"#;
const LIMIT: &str = "1000000";

/// How a server is used.
pub(crate) struct Load {
    pub(crate) name: &'static str,
    connections: usize,
    /// Requests of each connection that wait for their answers.
    ahead: usize,
    /// How long a connection says nothing after each answer.
    rest: Duration,
    /// All on one processor, so that none has to be woken.
    together: bool,
    /// Requests of all connections.
    requests: usize,
}

/// The loads by which the goal is judged: where nobody has to wake, and as users have it.
pub(crate) const JUDGED: [usize; 2] = [0, 1];

/// One who waits for each answer, on one processor and on all; one who rests then, so that everybody falls asleep, as between the
/// commands of people; one who waits for none; many who wait.
pub(crate) const LOADS: [Load; 5] = [
    Load {
        name: "one processor",
        connections: 1,
        ahead: 1,
        rest: Duration::ZERO,
        together: true,
        requests: 500,
    },
    Load {
        name: "round trip",
        connections: 1,
        ahead: 1,
        rest: Duration::ZERO,
        together: false,
        requests: 500,
    },
    Load {
        name: "after a rest",
        connections: 1,
        ahead: 1,
        rest: Duration::from_millis(2),
        together: false,
        requests: 50,
    },
    Load {
        name: "1 connection",
        connections: 1,
        ahead: 16,
        rest: Duration::ZERO,
        together: false,
        requests: 1_000,
    },
    Load {
        name: "32 connections",
        connections: CONNECTIONS,
        ahead: 1,
        rest: Duration::ZERO,
        together: false,
        requests: 32 * 40,
    },
];

/// A server under one load.
#[derive(Default)]
pub(crate) struct Figures {
    /// Microseconds from a request to its answer.
    pub(crate) p50: Blocks,
    pub(crate) p99: Blocks,
    /// Microseconds of the server's processor time for each request.
    pub(crate) processor: Blocks,
    /// Answers a second.
    pub(crate) throughput: Blocks,
}

/// What is compared: `loads` are those of [`LOADS`].
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) loads: Vec<Figures>,
    process: u32,
    request: Request,
    connections: Vec<Connection>,
}

/// What one segment of a block adds to.
#[derive(Default)]
struct Segments {
    trips: Vec<f64>,
    seconds: f64,
    processor: f64,
}

/// In the order of what they stand on.
pub(crate) async fn measure(extent: Extent) -> anyhow::Result<Vec<Subject>> {
    let echoes = (Echo::start(echo::TCP)?, Echo::start(echo::WEBSOCKET)?);
    let mut host = Setup::default()
        .config(CONFIG)
        .variable("REQUEST_LIMIT_PER_MINUTE", LIMIT)
        .variable("SLEWGATE_LOG", "info")
        .start();
    serve_plugin(&host).await;
    let mut subjects = vec![
        Subject::echo(echo::TCP, "an echo of bytes", &echoes.0).await?,
        Subject::echo(echo::WEBSOCKET, "an echo of messages", &echoes.1).await?,
        Subject::method(
            "host",
            "`host.info`, by the host itself",
            "host.info",
            &mut host,
        )
        .await?,
        Subject::method(
            "plugin",
            "a command of a plugin",
            "plugin.counts",
            &mut host,
        )
        .await?,
    ];
    for block in 0..extent.warm_up + extent.blocks {
        for (number, load) in LOADS.iter().enumerate() {
            let measured = run(&mut subjects, load).await?;
            if block >= extent.warm_up {
                for (subject, segments) in subjects.iter_mut().zip(measured) {
                    subject.loads[number].add(load, segments);
                }
            }
        }
    }
    Ok(subjects)
}

/// Each subject twice, in one order and then in the other.
async fn run(subjects: &mut [Subject], load: &Load) -> anyhow::Result<Vec<Segments>> {
    let mut measured: Vec<_> = subjects.iter().map(|_| Segments::default()).collect();
    let all = subjects.iter().map(|subject| subject.process);
    let _together = match load.together {
        true => Some(Together::keep(all)?),
        false => None,
    };
    let there = 0..subjects.len();
    for number in there.clone().chain(there.rev()) {
        subjects[number].run(load, &mut measured[number]).await?;
    }
    Ok(measured)
}

/// Returns when the component is in force.
async fn serve_plugin(host: &Observatory) {
    let mut client = host.client("telescope").await;
    let topics = json!({ "topics": ["plugins"] });
    let subscribed = client.call("events.subscribe", topics).await;
    subscribed.expect("a telescope may listen");
    client.event("plugins").await;
    let to = host.data().join("handlers/unruly.wasm");
    fs::copy(test_component("unruly"), to).expect("a copy");
    let news = client.event("plugins").await;
    assert_eq!(news["data"]["what"], "published", "{news}");
}

fn text(method: &str) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": {} }).to_string()
}

impl Subject {
    fn new(name: &'static str, what: &'static str, process: u32, request: Request) -> Subject {
        Subject {
            name,
            what,
            loads: LOADS.iter().map(|_| Figures::default()).collect(),
            process,
            request,
            connections: Vec::new(),
        }
    }

    /// Sends what the plugin is sent, as many bytes.
    async fn echo(name: &'static str, what: &'static str, echo: &Echo) -> anyhow::Result<Subject> {
        let request = Request {
            text: text("plugin.counts").into(),
            answer: "plugin.counts",
        };
        let mut subject = Subject::new(name, what, echo.id(), request);
        for _ in 0..CONNECTIONS {
            subject.connections.push(match name {
                echo::TCP => Connection::raw(echo.address).await?,
                _ => Connection::websocket(echo.address, None).await?,
            });
        }
        Ok(subject)
    }

    async fn method(
        name: &'static str,
        what: &'static str,
        method: &str,
        host: &mut Observatory,
    ) -> anyhow::Result<Subject> {
        let request = Request {
            text: text(method).into(),
            answer: r#""result":"#,
        };
        let mut subject = Subject::new(name, what, host.child().id(), request);
        let token = host.token("telescope");
        for number in 0..CONNECTIONS {
            let first = json!({ "token": token, "client_id": format!("{name}-{number}") });
            let connection = Connection::websocket(host.address(), Some(first.to_string()));
            subject.connections.push(connection.await?);
        }
        Ok(subject)
    }

    async fn run(&mut self, load: &Load, segments: &mut Segments) -> anyhow::Result<()> {
        let (before, began) = (processor_time(self.process)?, Instant::now());
        let each = load.requests / load.connections;
        let connections = self.connections.iter_mut().take(load.connections);
        let exchanges =
            connections.map(|one| one.exchange(&self.request, each, load.ahead, load.rest));
        let trips = try_join_all(exchanges).await?.concat();
        segments.seconds += began.elapsed().as_secs_f64();
        let ran = processor_time(self.process)?.saturating_sub(before);
        segments.processor += ran.as_secs_f64();
        segments
            .trips
            .extend(trips.iter().map(|trip| trip.as_secs_f64() * 1e6));
        Ok(())
    }
}

impl Figures {
    fn add(&mut self, load: &Load, segments: Segments) {
        // Each subject has its turn twice in a block.
        let requests = (2 * load.requests) as f64;
        self.p50.push(quantile(&segments.trips, 0.5));
        self.p99.push(quantile(&segments.trips, 0.99));
        self.processor.push(segments.processor * 1e6 / requests);
        self.throughput.push(requests / segments.seconds);
    }
}
