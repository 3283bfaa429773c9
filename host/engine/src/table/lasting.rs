//! What becomes of a table's own task that fails: a fault of the host ends no task for good, because nobody else looks after what
//! the table moves.

use std::future::Future;
use std::time::Duration;

use slewgate_safety::Stopper;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{StoppedBy, Table};
use crate::engine::Engine;

/// A task that fails as soon as it begins is begun no sooner than this after it was.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs a task until it ends by itself. Where it panics the table's lines are stopped first, as it may have left anything half
/// done; then it begins anew.
pub(super) async fn lasting<F>(
    table: &Table,
    engine: &Engine,
    name: &'static str,
    task: impl Fn() -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::new();
    loop {
        let began = Instant::now();
        running.spawn(task());
        let Some(Err(failed)) = running.join_next().await else {
            return;
        };
        let by = StoppedBy("the host, after a fault".to_owned());
        drop(table.stop(&by, Stopper::Other));
        let incident = engine.incident();
        tracing::error!(
            plugin = table.name(),
            task = name,
            incident,
            cause = %failed,
            "a fault of the host: what moves is stopped, and the task begins anew"
        );
        sleep_until(began + PAUSE).await;
    }
}
