//! The one owner of what serves: it hears, waits, has units loaded, and publishes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use slewgate_sky::SharedClock;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::attempt::{Job, Outcome, Workshop};
use super::disk::Directories;
use super::handle::{MAX_REQUESTS, Pace, ReloadSettings, Request};
use super::loader::Loader;
use super::report::{PluginEvent, PluginKind, PluginReport, PluginState, Stage, What};
use super::settling::{Settling, Stable};
use super::shelf::{Serving, Shelf};
use super::slot::{ComponentFile, Configuration, Slot};
use super::watch::{Changes, Watch};

/// Most types of client at once.
pub(crate) const MAX_POLICIES: usize = 64;

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
    attempts: JoinSet<Outcome<L::Loaded>>,
    /// Slots whose file is read or loaded now: at most one attempt each.
    busy: BTreeMap<Slot, Busy>,
    waiting: Vec<oneshot::Sender<()>>,
    reports: watch::Sender<Vec<PluginReport>>,
    events: broadcast::Sender<PluginEvent>,
}

#[derive(Debug)]
struct Busy {
    attempt: Id,
    /// Something changed meanwhile: the outcome is out of date. The value: also try what failed before.
    again: Option<bool>,
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
        Task {
            pace: settings.pace,
            clock: settings.clock,
            directories: settings.directories,
            configuration: settings.configuration,
            workshop: Arc::new(Workshop::new(loader)),
            publish,
            watch,
            settling: Settling::new(settings.pace.quiet),
            shelf: Shelf::new(),
            attempts: JoinSet::new(),
            busy: BTreeMap::new(),
            waiting: Vec::new(),
            reports,
            events,
        }
    }

    /// Fill every slot, and publish once.
    pub(crate) async fn load_all(&mut self) {
        self.watch.arm();
        self.expect_tables();
        for slot in self.all_slots().await {
            self.begin(slot, true);
        }
        while let Some(done) = self.attempts.join_next_with_id().await {
            if let Some(news) = self.absorb(done).await {
                self.tell(news);
            }
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
    }

    /// Until nobody can ask anything any more.
    pub(crate) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let signal = self.watch.signal();
        let mut comparing = interval(self.pace.compare);
        comparing.set_missed_tick_behavior(MissedTickBehavior::Delay);
        comparing.reset();
        loop {
            let settled = self.settling.next();
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return,
                },
                Some(done) = self.attempts.join_next_with_id() => {
                    let news = self.absorb(done).await;
                    self.put_in_force(news.into_iter().collect());
                }
                () = at(settled) => self.look_again().await,
                changes = signal.changes() => self.hear(changes).await,
                _ = comparing.tick() => self.suspect_all().await,
            }
            self.tell_waiting();
        }
    }

    /// Something changed, perhaps.
    async fn hear(&mut self, changes: Changes) {
        if changes.lost {
            self.watch.arm();
        }
        let files = match changes.everything {
            true => self.all_files().await,
            false => {
                let ours = |file: &ComponentFile| !self.configuration.slots(file).is_empty();
                changes.files.into_iter().filter(ours).collect()
            }
        };
        self.touch(files).await;
    }

    /// Compare every file with what serves, though nothing was heard of it.
    async fn suspect_all(&mut self) {
        if !self.watch.is_complete() {
            self.watch.arm();
        }
        let files = self.all_files().await;
        for (file, sight) in self.directories.look(files).await {
            self.settling.suspect(file, sight, Instant::now());
        }
    }

    /// These files changed, or may have.
    async fn touch(&mut self, files: Vec<ComponentFile>) {
        for (file, sight) in self.directories.look(files).await {
            tracing::debug!(?file, ?sight, "may have changed");
            self.settling.touch(file, sight, Instant::now());
        }
    }

    async fn all_files(&mut self) -> Vec<ComponentFile> {
        let slots = self.all_slots().await;
        let files: BTreeSet<_> = slots
            .iter()
            .filter_map(|slot| self.configuration.file(slot))
            .collect();
        files.into_iter().collect()
    }

    /// Files that were quiet long enough: those that still look the same are read.
    async fn look_again(&mut self) {
        for (file, sight) in self
            .directories
            .look(self.settling.due(Instant::now()))
            .await
        {
            if let Stable::Yes { retry } = self.settling.look(&file, sight, Instant::now()) {
                for slot in self.configuration.slots(&file) {
                    self.begin(slot, retry);
                }
            }
        }
    }

    /// Fill a slot from its file, beside this task.
    fn begin(&mut self, slot: Slot, retry: bool) {
        if let Some(busy) = self.busy.get_mut(&slot) {
            busy.again = Some(retry || busy.again.unwrap_or(false));
            return;
        }
        let Some(file) = self.configuration.file(&slot) else {
            return;
        };
        if !self.has_room(&slot) {
            tracing::warn!(%slot, "ignored: there are {MAX_POLICIES} types of client already");
            return;
        }
        let job = Job {
            path: self.directories.path(&file),
            settings: self.configuration.settings(&slot).to_owned(),
            serving: self.shelf.serving(&slot).cloned(),
            failed: self.shelf.failed(&slot).filter(|_| !retry).cloned(),
            slot: slot.clone(),
        };
        let attempt = self
            .attempts
            .spawn(Arc::clone(&self.workshop).attempt(job))
            .id();
        self.busy.insert(
            slot,
            Busy {
                attempt,
                again: None,
            },
        );
    }

    /// Take the outcome of an attempt.
    async fn absorb(
        &mut self,
        done: Result<(Id, Outcome<L::Loaded>), JoinError>,
    ) -> Option<PluginEvent> {
        let (id, outcome) = match done {
            Ok(done) => done,
            Err(fault) => (fault.id(), Outcome::failed(Stage::Compile, fault.into())),
        };
        let slot = self
            .busy
            .iter()
            .find(|(_, busy)| busy.attempt == id)
            .map(|(slot, _)| slot.clone())?;
        if let Some(retry) = self.busy.remove(&slot).and_then(|busy| busy.again) {
            self.begin(slot, retry);
            return None;
        }
        let file = self.configuration.file(&slot)?;
        self.take(slot, file, outcome).await
    }

    async fn take(
        &mut self,
        slot: Slot,
        file: ComponentFile,
        outcome: Outcome<L::Loaded>,
    ) -> Option<PluginEvent> {
        let now = self.clock.now();
        match outcome {
            Outcome::Loaded {
                identity,
                generation,
                loaded,
            } => Some(self.shelf.put(slot, (identity, generation), loaded, now)),
            Outcome::Failed { identity, error } => self.shelf.fail(slot, identity, &error, now),
            Outcome::Unchanged => self.shelf.confirm(&slot),
            Outcome::Absent => self.shelf.remove(&slot, self.is_configured(&slot), now),
            Outcome::StillFailed => None,
            Outcome::Unsettled => {
                self.touch(vec![file]).await;
                None
            }
        }
    }

    async fn answer(&mut self, request: Request) {
        match request.configuration {
            Some(configuration) => self.configure(configuration),
            None => {
                self.hear(Changes {
                    everything: true,
                    ..Changes::default()
                })
                .await;
            }
        }
        if self.waiting.len() < MAX_REQUESTS {
            self.waiting.push(request.done);
        }
    }

    /// Slots whose file or settings differ are filled anew, without waiting: a configuration does not settle.
    fn configure(&mut self, configuration: Configuration) {
        let before = std::mem::replace(&mut self.configuration, configuration);
        self.expect_tables();
        let now = self.clock.now();
        let mut gone = Vec::new();
        for slot in self.shelf.slots().cloned().collect::<Vec<_>>() {
            let after = &self.configuration;
            let same = before.file(&slot) == after.file(&slot)
                && before.settings(&slot) == after.settings(&slot);
            if after.file(&slot).is_none() {
                gone.extend(self.shelf.remove(&slot, false, now));
            } else if !same {
                self.begin(slot, true);
            }
        }
        self.put_in_force(gone);
    }

    /// What serves is put in force before anybody hears of it.
    fn put_in_force(&mut self, news: Vec<PluginEvent>) {
        if news.iter().any(PluginEvent::serves_other) {
            self.publish();
        }
        for event in news {
            self.tell(event);
        }
    }

    fn publish(&mut self) {
        (self.publish)(self.shelf.next());
        self.reports.send_replace(self.shelf.reports());
    }

    /// Log, clients and reports hear of it.
    fn tell(&mut self, event: PluginEvent) {
        let PluginReport {
            name,
            kind,
            generation,
            digest,
            candidate,
            ..
        } = &event.plugin;
        let (generation, digest) = (generation.unwrap_or(0), digest.as_deref().unwrap_or("none"));
        match (event.what, candidate) {
            (What::Failed, Some(failed)) if event.plugin.state != PluginState::Serving => {
                tracing::error!(%kind, name, stage = %failed.stage, cause = failed.cause,
                    "the component cannot serve, and nothing else does in its place");
            }
            (What::Failed, Some(failed)) => {
                tracing::warn!(%kind, name, stage = %failed.stage, cause = failed.cause, generation, digest,
                    "the new component cannot serve; what served goes on");
            }
            (what, _) => tracing::info!(%kind, name, ?what, generation, digest, "plugin"),
        }
        self.reports.send_replace(self.shelf.reports());
        // Nobody listens: then nobody misses it.
        _ = self.events.send(event);
    }

    fn tell_waiting(&mut self) {
        if self.busy.is_empty() && self.settling.is_empty() {
            for done in self.waiting.drain(..) {
                // Who asked has left.
                _ = done.send(());
            }
        }
    }

    fn expect_tables(&mut self) {
        let now = self.clock.now();
        for table in self.configuration.tables.keys() {
            self.shelf.expect(Slot::Handler(table.clone()), now);
        }
        for client_type in self.configuration.policies.keys() {
            self.shelf.expect(Slot::Policy(client_type.clone()), now);
        }
    }

    fn is_configured(&self, slot: &Slot) -> bool {
        match slot {
            Slot::Handler(table) => self.configuration.tables.contains_key(table),
            Slot::Policy(client_type) => self.configuration.policies.contains_key(client_type),
        }
    }

    fn has_room(&self, slot: &Slot) -> bool {
        let policies: BTreeSet<&Slot> = self
            .shelf
            .slots()
            .chain(self.busy.keys())
            .filter(|slot| slot.kind() == PluginKind::Policy)
            .collect();
        slot.kind() == PluginKind::Handler
            || policies.contains(slot)
            || policies.len() < MAX_POLICIES
    }

    /// What is configured, what serves, and what lies there.
    async fn all_slots(&mut self) -> BTreeSet<Slot> {
        let found = self
            .directories
            .client_types()
            .await
            .unwrap_or_else(|error| {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "policies that serve go on; new ones are not seen"
                );
                BTreeSet::new()
            });
        let found = found.into_iter().map(Slot::Policy);
        self.shelf.slots().cloned().chain(found).collect()
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
