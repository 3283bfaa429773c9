//! From the sending of a stop to its bytes at a silent mount: of a host that is at rest, and of one that has everything to do.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use slewgate_tests::Crowd;

use crate::Extent;
use crate::blocks::{Blocks, quantile};

/// Stops of one block.
const QUIET: usize = 20;
const CROWDED: usize = 5;

/// Everybody sleeps meanwhile, as between the commands of people.
const REST: Duration = Duration::from_millis(20);

/// Rounds in which the crowd may fail to fill the queue before a question of two seconds ends, of one block.
const ROUNDS: usize = 20;

const ID: u64 = 1_000_001;

/// Microseconds.
#[derive(Default)]
pub(crate) struct Delays {
    pub(crate) quiet: Delay,
    pub(crate) crowded: Delay,
}

#[derive(Default)]
pub(crate) struct Delay {
    /// Of each block.
    pub(crate) p50: Blocks,
    /// Of all blocks together: one has too few for what is rare.
    all: Vec<f64>,
}

pub(crate) async fn measure(extent: Extent) -> anyhow::Result<Delays> {
    let mut crowd = Crowd::gather().await;
    let mut delays = Delays::default();
    for block in 0..extent.warm_up + extent.blocks {
        let (quiet, crowded) = (quiet(&mut crowd).await?, crowded(&mut crowd).await?);
        if block >= extent.warm_up {
            delays.quiet.add(&quiet);
            delays.crowded.add(&crowded);
        }
    }
    crowd.has_failed_plugins();
    Ok(delays)
}

async fn quiet(crowd: &mut Crowd) -> anyhow::Result<Vec<f64>> {
    let mut delays = Vec::new();
    for _ in 0..QUIET {
        tokio::time::sleep(REST).await;
        delays.push(stop(crowd).await?);
    }
    Ok(delays)
}

/// Each with a mount that is silent until then, behind whose line a full queue waits.
async fn crowded(crowd: &mut Crowd) -> anyhow::Result<Vec<f64>> {
    let mut delays = Vec::new();
    for _ in 0..ROUNDS {
        crowd.begin().await;
        if crowd.fill().await {
            delays.push(stop(crowd).await?);
        }
        crowd.end().await;
        if delays.len() == CROWDED {
            return Ok(delays);
        }
    }
    Err(anyhow::anyhow!(
        "the crowd does not fill the queue of the line"
    ))
}

async fn stop(crowd: &mut Crowd) -> anyhow::Result<f64> {
    let stop = json!({ "jsonrpc": "2.0", "id": ID, "method": "mount.stop", "params": {} });
    let stopped = crowd.stop(&[stop.to_string()]).await;
    let reply = crowd.stopper.reply(ID).await;
    let reply = reply.ok().context("a telescope may stop")?;
    ensure!(reply == json!({ "stopped": true }), "{reply}");
    Ok(stopped.delay.as_secs_f64() * 1e6)
}

impl Delay {
    fn add(&mut self, block: &[f64]) {
        self.p50.push(quantile(block, 0.5));
        self.all.extend(block);
    }

    /// The delay that this part of all stops does not exceed; 1 is the longest.
    pub(crate) fn of_all(&self, part: f64) -> f64 {
        quantile(&self.all, part)
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "p50_us": self.p50.json(),
            "p99_us": self.of_all(0.99),
            "longest_us": self.of_all(1.0),
            "all_us": self.all,
        })
    }
}
