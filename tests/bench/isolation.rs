//! What others notice of a plugin that loops without an end, and how soon its own client has the error.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use slewgate_tests::{Client, Setup, UNRESTRAINED};
use tokio::time::sleep;
use tokio::try_join;

use crate::Extent;
use crate::blocks::{Blocks, quantile};

/// Rounds of others' calls while all is quiet, and loops of each kind, of one block.
const QUIET: usize = 150;
const LOOPS: usize = 5;

/// From one round of others' calls to the next: some 400 calls a second.
const PACE: Duration = Duration::from_millis(5);

/// Answered by the host alone, and by another plugin.
const METHODS: [&str; 2] = ["host.info", "mount.info"];

/// Milliseconds.
#[derive(Default)]
pub(crate) struct Isolation {
    /// From the request to the error, of all loops.
    pub(crate) ended: Vec<f64>,
    /// The same, while others ask as fast as they can: on two cores the loop shares them with two busy threads.
    pub(crate) ended_crowded: Vec<f64>,
    /// Of others' calls, block by block.
    pub(crate) quiet: Blocks,
    pub(crate) meanwhile: Blocks,
}

pub(crate) async fn measure(extent: Extent) -> anyhow::Result<Isolation> {
    let observatory = Setup::default()
        .config(UNRESTRAINED)
        .config("[plugins.unruly]\ncomponent = \"unruly.wasm\"")
        .variable("REQUEST_LIMIT_PER_MINUTE", "1000000")
        .component("unruly", "handlers/unruly.wasm")
        .start()
        .attached();
    let mut looping = observatory.client("telescope").await;
    let mut other = observatory.client("observer").await;
    let mut figures = Isolation::default();
    for block in 0..extent.warm_up + extent.blocks {
        let mut rounds = 0..QUIET;
        let quiet = ask(&mut other, PACE, || rounds.next().is_some()).await?;
        let (ended, meanwhile) = beside(&mut looping, &mut other, PACE).await?;
        let (ended_crowded, _) = beside(&mut looping, &mut other, Duration::ZERO).await?;
        if block >= extent.warm_up {
            figures.ended.extend(ended);
            figures.ended_crowded.extend(ended_crowded);
            figures.quiet.push(quantile(&quiet, 0.99));
            figures.meanwhile.push(quantile(&meanwhile, 0.99));
        }
    }
    Ok(figures)
}

/// Milliseconds until each loop is answered, and of each call of the other client meanwhile.
async fn beside(
    looping: &mut Client,
    other: &mut Client,
    pace: Duration,
) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
    let over = Cell::new(false);
    let loops = async {
        let ended = loops(looping).await;
        over.set(true);
        ended
    };
    try_join!(loops, ask(other, pace, || !over.get()))
}

/// Milliseconds until each loop is answered.
async fn loops(client: &mut Client) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..LOOPS {
        let began = Instant::now();
        let error = client.call("unruly.loops", json!({})).await;
        times.push(milliseconds(began.elapsed()));
        let error = error.err().context("a loop has no result")?;
        ensure!(error["code"] == -32007, "{error}");
    }
    Ok(times)
}

/// Milliseconds of each call.
async fn ask(
    client: &mut Client,
    pace: Duration,
    mut on: impl FnMut() -> bool,
) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::new();
    while on() {
        if !pace.is_zero() {
            sleep(pace).await;
        }
        for method in METHODS {
            let began = Instant::now();
            let answer = client.call(method, json!({})).await;
            times.push(milliseconds(began.elapsed()));
            answer.ok().context("an observer may observe")?;
        }
    }
    Ok(times)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Isolation {
    pub(crate) fn json(&self) -> Value {
        json!({
            "ended_ms": self.ended,
            "ended_crowded_ms": self.ended_crowded,
            "others_p99_ms": { "quiet": self.quiet.json(), "meanwhile": self.meanwhile.json() },
        })
    }
}
