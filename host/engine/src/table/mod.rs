//! One `[plugins.NAME]` of the configuration: its lines, motions, newest reading and notes. It outlives the generations of
//! the plugin that serves it, so that a swap loses none of them.

mod attachment;
mod connection;
mod control;
mod desk;
mod journal;
mod lasting;
mod motions;
mod notices;
mod observe;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use slewgate_rpc::Refusal;
use slewgate_safety::{OfTheSite, Runaway, Safety, SafetySettings};
use slewgate_serial::{Line, StopCount, StopSequence};
use tokio::sync::{Notify, broadcast, mpsc, watch};

pub use attachment::{Attached, Attachment};
pub use connection::Connection;
pub(crate) use connection::{is_lost, opening};
pub(crate) use control::denial;
pub(crate) use desk::{Chore, Look, Order};
pub use journal::Journal;
pub(crate) use motions::NotBegun;
pub use motions::{StopError, StoppedBy, Stopping};
pub(crate) use notices::Notices;
pub use notices::{Happened, HostStop, Notice};
pub use observe::Reading;
pub(crate) use tasks::run;

use crate::state::Notes;
use crate::surroundings::Surroundings;
use desk::Desk;
use observe::Attempts;

/// Characters that are kept of a role that there is not.
const LONGEST_ROLE: usize = 64;

/// News that wait for a slow reader before the oldest are dropped.
const NEWS: usize = 256;

/// Calls of `advance` and orders of the host that wait for their turn. There is at most one for each motion.
const CHORES: usize = slewgate_safety::MAX_MOTIONS * 2;

/// What a table is made from.
#[derive(Debug)]
pub struct TableSettings {
    /// The name of its commands.
    pub name: String,
    /// File of the component, below the directory of handlers.
    pub component: String,
    /// Settings for `configure`, as JSON.
    pub settings: String,
    /// Role -> line that plays it.
    pub lines: BTreeMap<String, Line>,
    /// Role -> stop sequence that is known before the plugin says one: its last word to a host before, or the configuration's.
    pub stops: BTreeMap<String, StopSequence>,
    /// What becomes of hardware that moves although nobody asked it to.
    pub runaway: Runaway,
    /// The limits of its site.
    pub limits: OfTheSite,
    /// Whether the hardware is told the place and the time once it is found.
    pub set_clock: bool,
    /// Whether a new version of its plugin waits until nothing moves.
    pub reload_when_idle: bool,
    /// A host before this one left its hardware moving: one of its lines is owed a stop.
    pub left_moving: bool,
    /// Keeps what is needed when the host is gone; without one nothing is kept.
    pub journal: Option<Arc<dyn Journal>>,
}

/// Something to tell those who subscribed.
#[derive(Debug)]
pub struct News {
    /// The whole topic, such as `mount.motion`.
    pub topic: String,
    /// What happened.
    pub data: Box<RawValue>,
    /// See [`Table::dropped`]. Where some were dropped last, a topic that nobody can name says so.
    pub dropped: u64,
}

/// Counts of stops of a table's lines, as they were when a request was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StopCounts {
    lines: BTreeMap<String, StopCount>,
    /// Stops of single motions, in all.
    labels: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Table {
    name: String,
    lines: BTreeMap<String, Line>,
    surroundings: Surroundings,
    desk: Mutex<Desk>,
    /// The next deadline of the motions moved.
    moved: Notify,
    chores: mpsc::Sender<Chore>,
    /// Of the task that has them done.
    waiting_chores: tokio::sync::Mutex<mpsc::Receiver<Chore>>,
    attached: watch::Sender<Attached>,
    /// The role that its plugin asked for last, of those that it does not have.
    unknown_role: Mutex<Option<String>>,
    /// Samples in a row that got no answer at all; and that they were too many.
    missed: AtomicU32,
    silent: Notify,
    newest: watch::Sender<Option<Reading>>,
    sampling: Attempts<Result<Reading, Refusal>>,
    /// Changes with each stop of any table's line: tables may share one.
    stops: watch::Sender<u64>,
    news: broadcast::Sender<Arc<News>>,
    /// Events that came too fast, and whether that is about to be told.
    dropped: AtomicU64,
    tells_dropped: AtomicBool,
    /// The same for all tables.
    notices: Notices,
    /// The newest.
    alarm: Mutex<Option<Arc<Notice>>>,
    set_clock: bool,
    notes: Arc<Notes>,
    journal: Option<Arc<dyn Journal>>,
}

impl StopCounts {
    pub(crate) fn of(&self, role: &str) -> Option<StopCount> {
        self.lines.get(role).copied()
    }
}

impl Table {
    /// `notes`: what its plugin keeps. `stops` and `notices`: the same for all tables of a host.
    pub(crate) fn new(
        settings: &TableSettings,
        surroundings: Surroundings,
        notes: Arc<Notes>,
        stops: watch::Sender<u64>,
        notices: Notices,
    ) -> Table {
        let safety = Safety::new(SafetySettings {
            roles: settings.lines.keys().cloned().collect(),
            runaway: settings.runaway,
            limits: settings.limits.clone(),
            left_moving: settings.left_moving,
        });
        let (chores, waiting_chores) = mpsc::channel(CHORES);
        Table {
            name: settings.name.clone(),
            lines: settings.lines.clone(),
            surroundings,
            desk: Mutex::new(Desk::new(safety, settings.stops.clone())),
            moved: Notify::new(),
            chores,
            waiting_chores: tokio::sync::Mutex::new(waiting_chores),
            attached: watch::Sender::new(Attached::NotYet),
            unknown_role: Mutex::default(),
            missed: AtomicU32::new(0),
            silent: Notify::new(),
            newest: watch::Sender::new(None),
            sampling: Attempts::default(),
            stops,
            dropped: AtomicU64::new(0),
            tells_dropped: AtomicBool::new(false),
            news: broadcast::Sender::new(NEWS),
            notices,
            alarm: Mutex::default(),
            set_clock: settings.set_clock,
            notes,
            journal: settings.journal.clone(),
        }
    }

    /// The name of its commands.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its lines by role.
    #[must_use]
    pub fn lines(&self) -> &BTreeMap<String, Line> {
        &self.lines
    }

    /// What a request must carry from when it was read, so that a stop which comes later goes before it.
    #[must_use]
    pub fn stop_counts(&self) -> StopCounts {
        self.counts(self.label_stops())
    }

    fn counts(&self, labels: u64) -> StopCounts {
        StopCounts {
            lines: self
                .lines
                .iter()
                .map(|(role, line)| (role.clone(), line.stop_count()))
                .collect(),
            labels,
        }
    }

    /// News from now on.
    #[must_use]
    pub fn news(&self) -> broadcast::Receiver<Arc<News>> {
        self.news.subscribe()
    }

    /// The newest reading, and those that follow. Somebody who holds this makes the host ask for samples.
    #[must_use]
    pub fn readings(&self) -> watch::Receiver<Option<Reading>> {
        self.newest.subscribe()
    }

    /// What was found on the lines.
    #[must_use]
    pub fn attached(&self) -> watch::Receiver<Attached> {
        self.attached.subscribe()
    }

    /// Whether a stop of the other stops something of this.
    pub(crate) fn shares_line_with(&self, other: &Table) -> bool {
        let names = |table: &Table| {
            table
                .lines
                .values()
                .map(|line| line.name().to_owned())
                .collect::<Vec<_>>()
        };
        let others = names(other);
        self.name != other.name && names(self).iter().any(|name| others.contains(name))
    }

    pub(crate) fn line(&self, role: &str) -> Option<&Line> {
        self.lines.get(role)
    }

    /// The plugin asked for a line that it was not given.
    pub(crate) fn note_unknown_role(&self, role: &str) {
        let role = role.chars().take(LONGEST_ROLE).collect();
        let unknown = self.unknown_role.lock();
        *unknown.unwrap_or_else(PoisonError::into_inner) = Some(role);
    }

    /// The role of the line that the plugin asked for last, of those that it was not given.
    #[must_use]
    pub fn unknown_role(&self) -> Option<String> {
        let role = self.unknown_role.lock();
        role.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    pub(crate) fn publish(&self, topic: &str, data: Box<RawValue>) {
        let news = News {
            topic: format!("{}.{topic}", self.name),
            data,
            dropped: self.dropped(),
        };
        // Nobody listens: nobody wants to know.
        let _ = self.news.send(Arc::new(news));
    }

    /// Events of the plugin, on any of its topics, that came too fast until now: nobody was told of them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// One more came too fast. Who listens is told how many, and so is the log, once the second is over: another event may not come.
    pub(crate) fn drop_event(self: &Arc<Table>) {
        let before = self.dropped.fetch_add(1, Ordering::Relaxed);
        if self.tells_dropped.swap(true, Ordering::Relaxed) {
            return;
        }
        let table = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(SECOND).await;
            let dropped = table.dropped() - before;
            table.tells_dropped.store(false, Ordering::Relaxed);
            tracing::warn!(
                plugin = table.name,
                dropped,
                "the plugin publishes too much; events were dropped"
            );
            table.publish(DROPPED, RawValue::NULL.to_owned());
        });
    }
}

/// For which a plugin's events are counted.
const SECOND: Duration = Duration::from_secs(1);

/// The topic of a table that has no name.
const DROPPED: &str = "";

/// How long a first call waits for `attach`.
pub(crate) const ATTACH_PATIENCE: Duration = Duration::from_secs(5);
