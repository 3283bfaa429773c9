//! What drives a table: each task waits for one thing, so that a plugin which is slow holds up neither the leases nor a stop.

use std::sync::Arc;
use std::time::Duration;

use slewgate_rpc::{Code, Refusal};
use slewgate_safety::{Occasion, Progress};
use slewgate_serial::LineState;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::connection::{any_changed, opening, watch_lines};
use super::journal::watch_owing;
use super::lasting::lasting;
use super::{Attached, Chore, Look, Order, Table};
use crate::command::Effect;
use crate::engine::Engine;
use crate::handler::Handler;
use crate::snapshot::Snapshot;

/// First wait after an `attach` that failed; doubled up to the last.
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// How often an order of the host's that a stop cut off is given again: more often than a stop is repeated before people are called.
const ORDERED_AGAIN: usize = 8;

/// How often the host looks whether something asks for a sample.
const IDLE: Duration = Duration::from_millis(100);

type Snapshots = watch::Receiver<Arc<Snapshot>>;

/// Runs with the host, each task anew where it fails.
pub(crate) async fn run(table: Arc<Table>, snapshots: Snapshots, engine: Engine) {
    let t = || Arc::clone(&table);
    let s = || snapshots.clone();
    tokio::join!(
        lasting(&table, &engine, "keep_time", || keep_time(t())),
        lasting(&table, &engine, "watch_lines", || watch_lines(t())),
        lasting(&table, &engine, "watch_owing", || watch_owing(t())),
        lasting(&table, &engine, "look_after", || look_after(t(), s())),
        lasting(&table, &engine, "attach", || attach(t(), s())),
        lasting(&table, &engine, "sample", || sample(t(), s())),
    );
}

/// Leases, the longest that a motion may take, the next look, and stops of shared lines.
pub(super) async fn keep_time(table: Arc<Table>) {
    let mut stops = table.stops.subscribe();
    loop {
        let moved = table.moved.notified();
        let deadline = table.tick();
        let due = async {
            match deadline {
                None => std::future::pending().await,
                Some(deadline) => sleep_until(deadline.into()).await,
            }
        };
        tokio::select! {
            () = moved => {}
            () = due => {}
            // The table that owns the sender is held here: it cannot be closed.
            _ = stops.changed() => {}
        }
    }
}

/// Calls `advance`, and has done what the host itself orders. They do not wait for each other: the queue is drained into tasks of
/// their own.
async fn look_after(table: Arc<Table>, snapshots: Snapshots) {
    let mut chores = table.waiting_chores.lock().await;
    let mut under_way = JoinSet::new();
    while let Some(chore) = chores.recv().await {
        while under_way.try_join_next().is_some() {}
        let handler = snapshots.borrow().handler(table.name()).cloned();
        match chore {
            Chore::Look(look) => under_way.spawn(advance(Arc::clone(&table), handler, look)),
            Chore::Order(order) => under_way.spawn(carry_out(Arc::clone(&table), handler, order)),
        };
    }
}

/// What the host orders and cannot have is a matter for people: it ordered it because something is wrong.
async fn carry_out(table: Arc<Table>, handler: Option<Arc<Handler>>, order: Order) {
    let verb = order.verb;
    let carried_out = match handler {
        Some(handler) => insist(&table, &handler, order).await,
        None => Err(Refusal::method_not_found(verb)),
    };
    match carried_out {
        Ok(()) => tracing::info!(plugin = table.name(), verb, "ordered by the host"),
        Err(refusal) => table.could_not_order(verb, &refusal),
    }
}

/// It moves nothing, so that a stop which cuts it off, such as the repetition of the one that it came behind, is no reason to drop it.
async fn insist(table: &Table, handler: &Handler, order: Order) -> Result<(), Refusal> {
    let mut cut = 0;
    loop {
        let counts = match cut {
            0 => order.counts.clone(),
            _ => table.stop_counts(),
        };
        let ordered = handler.order(Order {
            counts,
            ..order.clone()
        });
        match ordered.await {
            Err(refusal) if refusal.code == Code::Stopped && cut < ORDERED_AGAIN => cut += 1,
            done => return done,
        }
    }
}

async fn advance(table: Arc<Table>, handler: Option<Arc<Handler>>, look: Look) {
    let (motion, occasion) = (look.motion, look.occasion);
    let progress = match handler {
        Some(handler) => handler.advance(look).await,
        None => Progress::Failed("the plugin is not there".into()),
    };
    if occasion == Occasion::Ended
        && let Progress::Failed(why) | Progress::Fell(why) | Progress::Unclear(why) = &progress
    {
        tracing::warn!(plugin = table.name(), %motion, why, "the hardware could not be put in order after the motion");
    }
    table.progress(motion, progress);
}

/// Calls `attach` each time that all lines of the table are open anew, or that another generation serves.
async fn attach(table: Arc<Table>, mut snapshots: Snapshots) {
    let mut lines: Vec<_> = table
        .lines
        .values()
        .map(slewgate_serial::Line::state)
        .collect();
    let mut served = None;
    let mut retry = FIRST_RETRY;
    loop {
        let handler = snapshots.borrow_and_update().handler(table.name()).cloned();
        let openings: Option<Vec<u64>> = lines
            .iter_mut()
            .map(|line| opening(&line.borrow_and_update()))
            .collect();
        let wanted = handler
            .as_ref()
            .zip(openings.as_ref())
            .map(|(handler, openings)| (handler.generation(), openings.clone()));
        let mut wait = LAST_RETRY;
        match handler {
            Some(handler) if wanted.is_some() && wanted != served => {
                if is_of_another_opening(served.as_ref(), wanted.as_ref()) {
                    table.attached.send_replace(Attached::NotYet);
                }
                let stops = table.stop_counts();
                if attach_once(&table, &handler).await {
                    (served, retry) = (wanted, FIRST_RETRY);
                } else if table.stop_counts() != stops {
                    // Cut by a stop: nothing is wrong with the hardware.
                    wait = Duration::ZERO;
                } else {
                    (wait, retry) = (retry, (retry * 2).min(LAST_RETRY));
                }
            }
            Some(_) if wanted.is_some() => {}
            loaded => {
                if loaded.is_none() && served.is_some() {
                    table.unloaded();
                }
                served = None;
                let why = not_attached(&lines, loaded.is_some());
                table.attached.send_if_modified(|attached| {
                    let before = std::mem::replace(attached, why);
                    before != *attached
                });
            }
        }
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() { return },
            () = any_changed(lines.iter_mut()) => {}
            () = table.silent.notified() => (served, retry) = (None, FIRST_RETRY),
            () = sleep(wait) => {}
        }
    }
}

async fn attach_once(table: &Table, handler: &Handler) -> bool {
    let attached = handler.attach().await;
    let found = match &attached {
        Attached::To(attachment) => {
            if handler.may_log() {
                tracing::info!(plugin = table.name(), model = attachment.model, "attached");
            }
            let moves = handler
                .commands()
                .any(|command| command.effect == Effect::Move);
            let empty = attachment
                .stops
                .iter()
                .filter(|(_, stop)| stop.writes_nothing());
            for (role, _) in empty.filter(|_| handler.may_log()) {
                tracing::warn!(
                    plugin = table.name(),
                    role,
                    "the plugin's stop is empty, and is ignored"
                );
            }
            table.remember_stops(&attachment.stops, moves);
            table.stops_are_kept().await;
            table.adopted(handler.sample_every().is_some());
            table.owe_the_time();
            true
        }
        // Hardware that stays silent, or fails in the same way, is one piece of news.
        Attached::Failed(_) if *table.attached.borrow() == Attached::Silent => return false,
        Attached::Failed(_) if *table.attached.borrow() == attached => return false,
        Attached::Failed(why) => {
            if handler.may_log() {
                tracing::warn!(plugin = table.name(), why, "cannot attach; trying again");
            }
            false
        }
        Attached::NotYet | Attached::Unloaded | Attached::Silent => false,
    };
    table.attached.send_replace(attached);
    found
}

/// Whether the lines were opened anew since the last `attach`: what it found may be there no more. After a swap it is.
fn is_of_another_opening(
    served: Option<&(u64, Vec<u64>)>,
    wanted: Option<&(u64, Vec<u64>)>,
) -> bool {
    let openings = |of: Option<&(u64, Vec<u64>)>| of.map(|(_, openings)| openings.clone());
    served.is_some() && openings(served) != openings(wanted)
}

/// Asks for samples: as often as the plugin says while somebody watches or something moves, now and then all the same. What a
/// sample takes of the line is left free before the next: others get half of it at least.
async fn sample(table: Arc<Table>, snapshots: Snapshots) {
    loop {
        let handler = snapshots.borrow().handler(table.name()).cloned();
        let period = handler.as_ref().and_then(|handler| handler.sample_every());
        let began = Instant::now();
        if let (Some(handler), Some(period)) = (&handler, period)
            && table.is_attached()
        {
            let freshness = table.look_again_within(period) / 2;
            if let Err(refusal) = table.observe(handler, freshness).await {
                tracing::debug!(plugin = table.name(), cause = refusal.cause, "no sample");
            }
        }
        let took = began.elapsed();
        // What asks for the next sample may come at any time: somebody watches, something moves.
        // Whether hardware that was told to stand does, and where that is which moves, comes before what others may want of the line.
        while let spared = if table.is_urgent() { took } else { took * 2 }
            && let wait = period
                .map_or(IDLE, |period| table.look_again_within(period))
                .max(spared)
            && began.elapsed() < wait
        {
            sleep_until((began + wait).min(Instant::now() + IDLE)).await;
        }
    }
}

/// Why the plugin cannot attach: the line that is not open, with its cause.
fn not_attached(lines: &[watch::Receiver<LineState>], loaded: bool) -> Attached {
    if !loaded {
        return Attached::Unloaded;
    }
    let cause = lines.iter().find_map(|line| match &*line.borrow() {
        LineState::Connecting { error } => error.clone(),
        LineState::Closed => Some("the line is closed".into()),
        LineState::Open { .. } => None,
    });
    cause.map_or(Attached::NotYet, Attached::Failed)
}
