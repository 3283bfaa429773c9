//! What a busy line loses between one exchange and the next: the time from a request at the mount to the next one, which was queued
//! before. It has in it what the simulated mount takes to answer, over a pseudo-terminal, which takes no time for a byte.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use slewgate_serial::{Exchange, Framing, Guard, Line, LineSettings, LineState};
use slewgate_simulator::Lx200Settings;
use slewgate_sky::{Site, SystemClock};
use slewgate_tests::{Cord, Kind, PATIENCE};
use tokio::time::timeout;

use crate::Extent;
use crate::blocks::{Blocks, quantile};

/// Exchanges that wait in one block.
const WAITING: usize = 60;

/// Microseconds.
#[derive(Default)]
pub(crate) struct Gap {
    pub(crate) p50: Blocks,
    pub(crate) p99: Blocks,
}

pub(crate) async fn measure(extent: Extent) -> anyhow::Result<Gap> {
    let (cord, line) = connected().await?;
    let mut gap = Gap::default();
    for block in 0..extent.warm_up + extent.blocks {
        let gaps = gaps(&cord, &line).await?;
        if block >= extent.warm_up {
            gap.p50.push(quantile(&gaps, 0.5));
            gap.p99.push(quantile(&gaps, 0.99));
        }
    }
    Ok(gap)
}

async fn connected() -> anyhow::Result<(Cord, Line)> {
    let greenwich = Site {
        latitude: 51.4779,
        longitude: 0.0,
        elevation: 46.0,
    };
    let settings = Lx200Settings::new(greenwich, Arc::new(SystemClock));
    let cord = Cord::plugged(Kind::Terminal, settings);
    let line = Line::start(LineSettings {
        name: "bench".into(),
        device: cord.device().parse().context("a device")?,
        baud: 9_600,
        quiet: Duration::ZERO,
    })?;
    let mut state = line.state();
    let open = state.wait_for(|state| matches!(state, LineState::Open { .. }));
    timeout(PATIENCE, open).await.context("it is there")??;
    Ok((cord, line))
}

async fn gaps(cord: &Cord, line: &Line) -> anyhow::Result<Vec<f64>> {
    let before = cord.wire().received();
    let ask = || Exchange {
        request: b":GR#".to_vec(),
        reply: Framing::Until(b'#'),
        timeout: PATIENCE,
    };
    let waiting = (0..WAITING).map(|_| line.exchange(ask(), Guard::Read));
    try_join_all(waiting).await?;
    let frames = cord.wire().frames().into_iter();
    let times: Vec<_> = frames
        .filter(|frame| frame.number > before)
        .map(|frame| frame.at)
        .collect();
    ensure!(times.len() == WAITING, "{} requests", times.len());
    let gaps = times.windows(2);
    Ok(gaps
        .map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e6)
        .collect())
}
