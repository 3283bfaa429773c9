//! Sees which plugins are quarantined and which come back: tells of it, and keeps hardware still that nobody looks after. It also has
//! instances dropped that no call needs any more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slewgate_sky::SharedClock;
use tokio::sync::{broadcast, watch};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use crate::called::Called;
use crate::handler::Handler;
use crate::policy::Policy;
use crate::quarantine::Quarantined;
use crate::reload::{PluginEvent, PluginKind, PluginReport, PluginState, QuarantineReport, What};
use crate::snapshot::Snapshot;
use crate::table::Table;

/// An instance that was idle for this long, and no longer than twice that, is dropped.
const IDLE: Duration = Duration::from_secs(60);

/// What the warden looks at, and where it tells.
pub(crate) struct Warden {
    pub(crate) tables: BTreeMap<String, Arc<Table>>,
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(crate) reports: watch::Receiver<Vec<PluginReport>>,
    /// Changes where a plugin is quarantined, or released by hand.
    pub(crate) standings: watch::Receiver<u64>,
    pub(crate) events: broadcast::Sender<PluginEvent>,
    pub(crate) clock: SharedClock,
}

/// A plugin that serves.
pub(crate) enum Serving<'a> {
    Handler(&'a Handler),
    Policy(&'a Policy),
}

/// The name of a plugin, and which generation of it.
type Known = BTreeMap<(PluginKind, String), u64>;

impl Warden {
    /// Runs with the plugins.
    pub(crate) async fn run(mut self) {
        let mut known = Known::new();
        let mut idle = interval(IDLE);
        idle.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.standings.borrow_and_update();
            let snapshot = Arc::clone(&self.snapshots.borrow_and_update());
            let next = self.look(&snapshot, &mut known);
            let due = async {
                match next {
                    Some(next) => sleep_until(next.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                // Much memory may go: nobody who is served here waits for that.
                _ = idle.tick() => drop(spawn_blocking(move || drop_unneeded(&snapshot))),
                changed = self.standings.changed() => if changed.is_err() { return },
                changed = self.snapshots.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Tells of what changed, and when the next plugin comes back.
    fn look(&self, snapshot: &Snapshot, known: &mut Known) -> Option<Instant> {
        for (name, table) in &self.tables {
            let handler = snapshot.handler(name);
            table.set_unattended(
                handler.is_some_and(|handler| handler.called().quarantined().is_some()),
            );
        }
        let mut next = None::<Instant>;
        let mut now = Known::new();
        for (kind, name, serving) in serving(snapshot) {
            let plugin = (kind, name.to_owned());
            let was = known.get(&plugin) == Some(&serving.generation());
            match serving.called().quarantined() {
                Some(quarantined) => {
                    next = Some(next.map_or(quarantined.until, |next| next.min(quarantined.until)));
                    if !was {
                        self.tell(What::Quarantined, &plugin, snapshot);
                    }
                    now.insert(plugin, serving.generation());
                }
                None if was => self.tell(What::Released, &plugin, snapshot),
                None => {}
            }
        }
        *known = now;
        next
    }

    fn tell(&self, what: What, (kind, name): &(PluginKind, String), snapshot: &Snapshot) {
        let reports = self.reports.borrow();
        let report = reports
            .iter()
            .find(|report| report.kind == *kind && report.name == *name);
        let Some(mut plugin) = report.cloned() else {
            return;
        };
        complete(&mut plugin, snapshot, &self.clock);
        tracing::info!(%kind, name, ?what, generation = plugin.generation.unwrap_or(0), "plugin");
        // Nobody listens: then nobody misses it.
        _ = self.events.send(PluginEvent {
            what,
            plugin,
            widens: Vec::new(),
        });
    }
}

impl Serving<'_> {
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Serving::Handler(handler) => handler.generation(),
            Serving::Policy(policy) => policy.generation(),
        }
    }

    pub(crate) fn called(&self) -> &dyn Called {
        match self {
            Serving::Handler(handler) => handler.called(),
            Serving::Policy(policy) => policy.called(),
        }
    }
}

/// All that serves.
pub(crate) fn serving(
    snapshot: &Snapshot,
) -> impl Iterator<Item = (PluginKind, &str, Serving<'_>)> {
    let handlers = snapshot
        .handlers()
        .map(|(name, handler)| (PluginKind::Handler, name, Serving::Handler(handler)));
    let policies = snapshot
        .policies()
        .map(|(name, policy)| (PluginKind::Policy, name, Serving::Policy(policy)));
    handlers.chain(policies)
}

fn drop_unneeded(snapshot: &Snapshot) {
    for (_, _, plugin) in serving(snapshot) {
        plugin.called().drop_unneeded();
    }
}

/// Adds to a report of what was swapped how that which serves stands now.
pub(crate) fn complete(report: &mut PluginReport, snapshot: &Snapshot, clock: &SharedClock) {
    let serving = match report.kind {
        PluginKind::Handler => snapshot
            .handler(&report.name)
            .map(|found| Serving::Handler(found)),
        PluginKind::Policy => snapshot
            .policy(&report.name)
            .map(|found| Serving::Policy(found)),
    };
    let same = |serving: &Serving<'_>| report.generation == Some(serving.generation());
    let Some(serving) = serving.filter(same) else {
        return;
    };
    report.usage = Some(serving.called().usage());
    report.quarantine = serving
        .called()
        .quarantined()
        .map(|quarantined| QuarantineReport {
            until: clock.now() + left(&quarantined).as_secs_f64() * 1e3,
            incident: quarantined.incident,
            cause: quarantined.cause,
        });
    if report.quarantine.is_some() {
        report.state = PluginState::Quarantined;
    }
}

fn left(quarantined: &Quarantined) -> std::time::Duration {
    quarantined.until.saturating_duration_since(Instant::now())
}
