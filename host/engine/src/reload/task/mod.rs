//! The one owner of what serves: it hears, waits, has units loaded, publishes, and takes back.
//!
//! In the order of a swap: `hearing` finds that a file changed, `filling` has it loaded and puts it in its slot, `telling` puts it
//! in force and says so, `crowd` tells which policies are too many, `draining` lets calls of what was there before end, `proving` looks whether it may go on.

mod crowd;
mod draining;
mod filling;
mod hearing;
mod proving;
mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

#[cfg(test)]
pub(crate) use filling::MAX_POLICIES;
use slewgate_sky::SharedClock;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout_at};

use super::attempt::{Outcome, Workshop};
use super::disk::Directories;
use super::handle::{MAX_REQUESTS, NoRollback, Pace, ReloadSettings, Request};
use super::loader::Loader;
use super::remembered::{Kept, Refused};
use super::report::{PluginEvent, PluginReport, PluginState};
use super::settling::{Retry, Settling};
use super::shelf::{Ready, Serving, Shelf};
use super::slot::{Configuration, Slot};
use super::steps::Step;
use super::watch::{Changes, Watch};
use crowd::Crowd;
use draining::{Draining, InForce};

/// See the module.
pub(crate) struct Task<L: Loader, P> {
    pace: Pace,
    clock: SharedClock,
    directories: Directories,
    configuration: Configuration,
    workshop: Arc<Workshop<L>>,
    publish: P,
    watch: Watch,
    settling: Settling,
    shelf: Shelf<L::Loaded>,
    /// What was taken back, and is not tried again by itself.
    refused: BTreeMap<Slot, Vec<Refused>>,
    /// What served until its file went away, and since when it does not: a file that is removed and copied anew is replaced.
    left: BTreeMap<Slot, (Ready<L::Loaded>, Instant)>,
    in_force: InForce<L::Loaded>,
    /// Where clients are told to come again, as nothing serves yet since the start: those that the start did not wait for, none before
    /// that. What comes later into an empty place is there once it serves.
    loading: Option<BTreeSet<Slot>>,
    draining: Vec<Draining<L::Loaded>>,
    attempts: JoinSet<Outcome<L::Loaded>>,
    steps: mpsc::UnboundedReceiver<Step>,
    /// Slots whose file is read or loaded now: at most one attempt each.
    busy: BTreeMap<Slot, Busy>,
    /// Policies that there is no room for.
    crowd: Crowd,
    waiting: Vec<oneshot::Sender<()>>,
    reports: watch::Sender<Vec<PluginReport>>,
    events: broadcast::Sender<PluginEvent>,
}

#[derive(Debug)]
struct Busy {
    attempt: AbortHandle,
    /// What served well before the start: the next attempt has to know it too.
    remembered: Option<Kept>,
    /// What of the file's past did not count for it.
    retry: Retry,
    /// How many before it were given up in a row.
    given_up: u32,
    /// Something changed meanwhile: the outcome is out of date.
    again: Option<Retry>,
    /// It is the version before, and somebody asked for it.
    asked: Option<oneshot::Sender<Result<(), NoRollback>>>,
}

impl<L, P> Task<L, P>
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    pub(crate) fn new(
        watch: Watch,
        settings: ReloadSettings,
        loader: L,
        publish: P,
        (reports, events): (
            watch::Sender<Vec<PluginReport>>,
            broadcast::Sender<PluginEvent>,
        ),
    ) -> Task<L, P> {
        let (told, steps) = mpsc::unbounded_channel();
        let workshop = Workshop::new(loader, settings.remembered, settings.trust, told);
        Task {
            pace: settings.pace,
            clock: settings.clock,
            directories: settings.directories,
            configuration: settings.configuration,
            workshop: Arc::new(workshop),
            publish,
            watch,
            settling: Settling::new(settings.pace.quiet),
            shelf: Shelf::new(),
            refused: BTreeMap::new(),
            left: BTreeMap::new(),
            in_force: BTreeMap::new(),
            loading: None,
            draining: Vec::new(),
            attempts: JoinSet::new(),
            steps,
            busy: BTreeMap::new(),
            crowd: Crowd::default(),
            waiting: Vec::new(),
            reports,
            events,
        }
    }

    /// Fill every slot, and publish once: what takes too long is told, and serves when it is loaded.
    pub(crate) async fn load_all(&mut self) {
        self.watch.arm();
        self.expect_tables();
        for slot in self.all_slots().await {
            self.begin_first(slot).await;
        }
        let patience = Instant::now() + self.pace.start;
        while let Ok(Some(done)) =
            timeout_at(patience.into(), self.attempts.join_next_with_id()).await
        {
            for news in self.absorb(done).await {
                self.tell(news);
            }
        }
        for slot in self.busy.keys() {
            tracing::warn!(%slot, "it takes long to load: it serves when it is");
        }
        for absent in self
            .shelf
            .reports()
            .iter()
            .filter(|plugin| plugin.state == PluginState::Absent)
        {
            tracing::warn!(kind = %absent.kind, name = absent.name, "its component is not there yet");
        }
        self.publish();
        self.tell_crowd();
    }

    /// Until nobody can ask anything any more.
    pub(crate) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let signal = self.watch.signal();
        let mut comparing = interval(self.pace.compare);
        comparing.set_missed_tick_behavior(MissedTickBehavior::Delay);
        comparing.reset();
        let mut looking = interval(self.pace.look);
        looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let settled = self.settling.next();
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return,
                },
                Some(done) = self.attempts.join_next_with_id() => {
                    let news = self.absorb(done).await;
                    self.put_in_force(news);
                }
                Some(step) = self.steps.recv() => self.tell_step(step),
                () = at(settled) => self.look_again().await,
                changes = signal.changes() => self.hear(changes).await,
                _ = comparing.tick() => self.suspect_all().await,
                _ = looking.tick(), if self.has_to_look() => {
                    self.look_at_those_on_trial().await;
                    self.look_at_those_that_drain();
                }
            }
            self.tell_crowd();
            self.tell_waiting();
        }
    }

    async fn answer(&mut self, request: Request) {
        let done = match request {
            Request::RollBack(slot, done) => return self.roll_back(slot, done).await,
            Request::Compare(Some(configuration), done) => {
                self.configure(configuration);
                done
            }
            Request::Compare(None, done) => {
                self.hear(Changes {
                    everything: true,
                    ..Changes::default()
                })
                .await;
                done
            }
        };
        if self.waiting.len() < MAX_REQUESTS {
            self.waiting.push(done);
        }
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
