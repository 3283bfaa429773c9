//! All plugins of a host: their tables, what serves now, and the reload that swaps it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use slewgate_safety::{Session, Stopper};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use crate::bounds::cut;
use crate::engine::Engine;
use crate::limits::{Limits, PolicyLimits};
use crate::loader::{Plugin, PluginLoader, TablePlan};
use crate::matrix::{Matrix, Question};
use crate::reload::{
    self, Configuration, Directories, NoRollback, Pace, PluginEvent, PluginKind, PluginReport,
    Reload, ReloadSettings, Remembered, Serving, Slot, TableUnit, Trust,
};
use crate::snapshot::Snapshot;
use crate::state::{State, StateError};
use crate::surroundings::Surroundings;
use crate::table::{self, Notice, Notices, StoppedBy, Stopping, Table, TableSettings};
use crate::warden::{self, Warden};
use crate::world::Version;

/// Notices that wait for a slow reader before the oldest are dropped.
const NOTICES: usize = 256;

/// What plugins are started from.
#[derive(Debug)]
pub struct PluginSettings {
    /// Directory of the handlers' components.
    pub handlers: PathBuf,
    /// Directory of the policies' components.
    pub policies: PathBuf,
    /// Private directory in which what served well is kept for the next start; none: it is not.
    pub remembered: Option<PathBuf>,
    /// File in which what handlers keep outlives the host; none: it ends with it.
    pub state: Option<PathBuf>,
    /// File in which what each type of client was allowed last is kept, so that a policy that was replaced while no host ran is
    /// compared at the next start; none: it is not.
    pub allowed: Option<PathBuf>,
    /// Says which components may run; none: all.
    pub trust: Option<Arc<dyn Trust>>,
    /// One for each `[plugins.NAME]`, with what its plugin may use.
    pub tables: Vec<(TableSettings, Limits)>,
    /// Settings by client type, as JSON.
    pub policy_settings: BTreeMap<String, String>,
    /// What policies may use.
    pub policy_limits: PolicyLimits,
    /// The host's own methods, which policies decide on too.
    pub host_methods: Vec<Question>,
}

/// Why no plugin was released from its quarantine.
#[derive(Debug, thiserror::Error)]
pub enum NotReleased {
    /// Neither a table nor a client type has this name.
    #[error("no plugin is called {0}; `slewgate plugin list` has their names")]
    Unknown(String),
    /// It is called all the time.
    #[error("{0} is not quarantined")]
    Free(String),
}

/// See the module. The tasks end when this is dropped.
#[derive(Debug)]
pub struct Plugins {
    tables: BTreeMap<String, Arc<Table>>,
    notices: Notices,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    reload: Reload,
    engine: Engine,
    configuration: Configuration,
    state: State,
    surroundings: Surroundings,
    /// Until somebody takes it.
    from_start: Mutex<Option<broadcast::Receiver<PluginEvent>>>,
    _tasks: JoinSet<()>,
}

impl Plugins {
    /// The contracts that are served, oldest first: that of `wit/`, and those of the engine's adapters.
    #[must_use]
    pub fn contracts(&self) -> Vec<Version> {
        self.engine.adapters().served(None)
    }

    /// Loads what is there, and watches for what comes. Returns when the first snapshot serves; what fails to load is in the
    /// reports.
    ///
    /// # Errors
    /// The host's own contract cannot be linked.
    pub async fn start(
        engine: Engine,
        surroundings: Surroundings,
        settings: PluginSettings,
    ) -> anyhow::Result<Plugins> {
        let configuration = configuration(&settings);
        let (stops, notices) = (watch::Sender::new(0), broadcast::Sender::new(NOTICES));
        let state = State::open(
            settings.state.as_deref(),
            configuration.tables.keys().map(String::as_str),
            Arc::clone(&surroundings.clock),
        );
        let plans = settings.tables.into_iter().map(|(table, limits)| {
            let table = Arc::new(Table::new(
                &table,
                surroundings.clone(),
                state.notes(&table.name),
                stops.clone(),
                notices.clone(),
            ));
            (table.name().to_owned(), TablePlan { table, limits })
        });
        let plans: BTreeMap<_, _> = plans.collect();
        let tables: BTreeMap<_, _> = plans
            .iter()
            .map(|(name, plan)| (name.clone(), Arc::clone(&plan.table)))
            .collect();
        let clock = Arc::clone(&surroundings.clock);
        let loader = PluginLoader::new(
            engine.clone(),
            surroundings.clone(),
            plans,
            settings.policy_limits,
        )?;
        let nothing = Snapshot::new(
            0,
            BTreeMap::new(),
            BTreeMap::new(),
            BTreeSet::new(),
            surroundings.clone(),
        );
        let (publisher, snapshots) = watch::channel(Arc::new(nothing));
        let around = surroundings.clone();
        let publish = move |serving: Serving<Plugin>| {
            publisher.send_replace(Arc::new(snapshot(&serving, around.clone())));
        };
        let directories = Directories {
            handlers: settings.handlers,
            policies: settings.policies,
        };
        let reload = ReloadSettings {
            directories,
            configuration: configuration.clone(),
            pace: Pace::default(),
            remembered: settings.remembered.and_then(remembered),
            trust: settings.trust,
            clock: Arc::clone(&clock),
        };
        let reload = reload::start(reload, loader, publish).await;
        let from_start = Mutex::new(Some(reload.events()));
        let mut tasks = JoinSet::new();
        let matrix = Matrix::open(settings.host_methods, Arc::clone(&clock), settings.allowed);
        let matrix = matrix.await;
        tasks.spawn(matrix.run(snapshots.clone(), reload.reports(), reload.teller()));
        for table in tables.values() {
            tasks.spawn(table::run(
                Arc::clone(table),
                snapshots.clone(),
                engine.clone(),
            ));
        }
        let warden = Warden {
            tables: tables.clone(),
            snapshots: snapshots.clone(),
            reports: reload.reports(),
            standings: engine.standings(),
            events: reload.teller(),
            clock: Arc::clone(&clock),
        };
        tasks.spawn(warden.run());
        Ok(Plugins {
            tables,
            notices,
            snapshots,
            reload,
            engine,
            configuration,
            state,
            surroundings,
            from_start,
            _tasks: tasks,
        })
    }

    /// What serves now.
    #[must_use]
    pub fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// What serves now, and what will.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// How each plugin stands now, handlers first. They go into one message: where there are many causes, each is shorter.
    #[must_use]
    pub fn reports(&self) -> Vec<PluginReport> {
        let reports = self.reload.reports().borrow().clone();
        let mut reports: Vec<_> = reports
            .into_iter()
            .map(|report| self.complete(report))
            .collect();
        share_room(&mut reports);
        reports
    }

    /// The same report with what only what serves knows: its figures, and whether it is quarantined.
    #[must_use]
    pub fn complete(&self, mut report: PluginReport) -> PluginReport {
        warden::complete(&mut report, &self.current(), &self.surroundings.clock);
        report
    }

    /// Calls plugins of this name again from now on, which kept failing: what sort they are of.
    ///
    /// # Errors
    /// There is none, or none is quarantined.
    pub fn release(&self, name: &str) -> Result<Vec<PluginKind>, NotReleased> {
        let snapshot = self.current();
        let named: Vec<_> = warden::serving(&snapshot)
            .filter(|(_, known, _)| *known == name)
            .collect();
        if named.is_empty() {
            return Err(NotReleased::Unknown(name.to_owned()));
        }
        let released = named
            .into_iter()
            .filter(|(_, _, plugin)| plugin.called().release());
        let released: Vec<_> = released.map(|(kind, _, _)| kind).collect();
        match released.is_empty() {
            true => Err(NotReleased::Free(name.to_owned())),
            false => Ok(released),
        }
    }

    /// News of plugins from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<PluginEvent> {
        self.reload.events()
    }

    /// News of plugins since they began to serve, such as what they allow beyond what was allowed before the start. For one who
    /// records it: who asks after him hears what comes from now on.
    #[must_use]
    pub fn events_from_the_start(&self) -> broadcast::Receiver<PluginEvent> {
        let mut from_start = self
            .from_start
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        from_start.take().unwrap_or_else(|| self.events())
    }

    /// Who is in control, and alarms, of all tables, from now on.
    #[must_use]
    pub fn notices(&self) -> broadcast::Receiver<Arc<Notice>> {
        self.notices.subscribe()
    }

    /// The tables by name.
    #[must_use]
    pub fn tables(&self) -> &BTreeMap<String, Arc<Table>> {
        &self.tables
    }

    /// Settings of policies changed: each policy that they concern becomes a new generation.
    pub async fn set_policy_settings(&self, settings: BTreeMap<String, String>) {
        self.reload
            .configure(Configuration {
                policies: settings,
                ..self.configuration.clone()
            })
            .await;
    }

    /// A name for a fault of the host, as plugins' faults have it: unique over restarts.
    #[must_use]
    pub fn incident(&self) -> String {
        self.engine.incident()
    }

    /// Reads every file again now, and tries again what failed.
    pub async fn compare(&self) {
        self.reload.compare().await;
    }

    /// The version before this one serves again, and this one not until its file is written anew.
    ///
    /// # Errors
    /// There is none, or it cannot serve any more.
    pub async fn roll_back(&self, kind: PluginKind, name: &str) -> Result<(), NoRollback> {
        let slot = match kind {
            PluginKind::Handler => Slot::Handler(name.to_owned()),
            PluginKind::Policy => Slot::Policy(name.to_owned()),
        };
        self.reload.roll_back(slot).await
    }

    /// Waits until all that plugins keep is on the disk: false where that takes longer, or the disk fails.
    #[must_use]
    pub fn flush_state(&self, patience: Duration) -> bool {
        self.state.flush(patience)
    }

    /// Copies all that plugins keep to a new file, as it is at one moment. False: nothing is on the disk. Blocks.
    ///
    /// # Errors
    /// Either file cannot be used, or not soon enough.
    pub fn copy_state(&self, to: &Path, patience: Duration) -> Result<bool, StateError> {
        self.state.copy(to, patience)
    }

    /// Stops everything on the lines of one table, and the motions of others that share a line with it.
    pub fn stop(&self, table: &Table, by: &StoppedBy) -> Stopping {
        let tables = self.tables.values();
        let others: Vec<_> = tables
            .filter(|other| other.shares_line_with(table))
            .collect();
        let stopper = match others.is_empty() {
            true => Stopper::Client,
            false => Stopper::Other,
        };
        let stopping = table.stop(by, stopper);
        for other in others {
            other.was_stopped();
        }
        stopping
    }

    /// A session is gone: what it moved ends or completes.
    pub fn session_closed(&self, session: Session) {
        for table in self.tables.values() {
            table.session_closed(session);
        }
    }
}

/// Where what served is remembered. A host serves without it too, and says so.
fn remembered(directory: PathBuf) -> Option<Remembered> {
    let opened = Remembered::open(directory);
    opened
        .inspect_err(|error| {
            tracing::error!(
                error = format!("{error:#}"),
                "what serves is not remembered for the next start"
            );
        })
        .ok()
}

fn configuration(settings: &PluginSettings) -> Configuration {
    let tables = settings.tables.iter().map(|(table, _)| {
        let unit = TableUnit {
            component: table.component.clone(),
            settings: table.settings.clone(),
            when_idle: table.reload_when_idle,
        };
        (table.name.clone(), unit)
    });
    Configuration {
        tables: tables.collect(),
        policies: settings.policy_settings.clone(),
    }
}

fn snapshot(serving: &Serving<Plugin>, surroundings: Surroundings) -> Snapshot {
    let (mut handlers, mut policies) = (BTreeMap::new(), BTreeMap::new());
    for (slot, plugin) in &serving.plugins {
        match (slot, &**plugin) {
            (Slot::Handler(table), Plugin::Handler(handler)) => {
                handlers.insert(table.clone(), Arc::clone(handler));
            }
            (Slot::Policy(client_type), Plugin::Policy(policy)) => {
                policies.insert(client_type.clone(), Arc::clone(policy));
            }
            // A loader makes of a slot what belongs there.
            _ => {}
        }
    }
    Snapshot::new(
        serving.number,
        handlers,
        policies,
        serving.loading.clone(),
        surroundings,
    )
}

/// Bytes, as JSON, of the causes in all reports together.
const ROOM_FOR_CAUSES: usize = 96 * 1024;

/// Bytes of one character in JSON, where it is escaped.
const ESCAPED: usize = 6;

fn share_room(reports: &mut [PluginReport]) {
    let mut causes: Vec<_> = reports.iter_mut().flat_map(causes).collect();
    let together: usize = causes.iter().map(|cause| length_in_json(cause)).sum();
    if together <= ROOM_FOR_CAUSES {
        return;
    }
    let share = ROOM_FOR_CAUSES / causes.len();
    for cause in &mut causes {
        if length_in_json(cause) > share {
            **cause = cut(cause, share / ESCAPED);
        }
    }
}

fn causes(report: &mut PluginReport) -> impl Iterator<Item = &mut String> {
    let quarantine = report.quarantine.as_mut();
    let candidate = report.candidate.as_mut();
    let quarantine = quarantine.map(|quarantine| &mut quarantine.cause);
    quarantine
        .into_iter()
        .chain(candidate.map(|candidate| &mut candidate.cause))
}

fn length_in_json(text: &str) -> usize {
    serde_json::to_string(text).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reload::{CandidateReport, PluginKind, PluginState, Stage};

    fn refused(cause: &str) -> PluginReport {
        PluginReport {
            name: "visitor".to_owned(),
            kind: PluginKind::Policy,
            state: PluginState::Absent,
            generation: None,
            digest: None,
            since: 0.0,
            probation: None,
            earlier: false,
            usage: None,
            quarantine: None,
            candidate: Some(CandidateReport {
                digest: None,
                stage: Stage::Probe,
                cause: cause.to_owned(),
                at: 0.0,
            }),
            attempt: None,
            draining: None,
        }
    }

    #[test]
    fn many_long_causes_fit_into_one_message_and_a_few_are_whole() {
        let long = "\u{7}".repeat(2_000);
        let mut few = vec![refused(&long); 8];
        share_room(&mut few);
        assert_eq!(few[0], refused(&long));
        let mut many = vec![refused(&long); 100];
        many.push(refused("short"));
        share_room(&mut many);
        let text = serde_json::to_string(&many).unwrap();
        assert!(text.len() < 160 * 1024, "{}", text.len());
        assert_eq!(many[100], refused("short"));
    }
}
