//! Starting the reload, and what others may ask of it.

use std::sync::Arc;
use std::time::Duration;

use slewgate_sky::SharedClock;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::disk::Directories;
use super::loader::Loader;
use super::remembered::Remembered;
use super::report::{PluginEvent, PluginReport};
use super::shelf::Serving;
use super::slot::{Configuration, Slot};
use super::task::Task;
use super::trust::Trust;
use super::watch::Watch;

/// News that a slow listener may fall behind: the steps of some dozen plugins that are swapped at once.
const MAX_EVENTS: usize = 256;
/// Requests to the task that wait, and that wait for its answer.
pub(crate) const MAX_REQUESTS: usize = 16;

/// How long the task waits for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// A file that nobody wrote to for this long is stable.
    pub(crate) quiet: Duration,
    /// Contents are compared this often, whatever was heard.
    pub(crate) compare: Duration,
    /// How long a start waits for what has to be loaded; what takes longer serves when it is.
    pub(crate) start: Duration,
    /// How long a new version has to prove itself.
    pub(crate) probation: Duration,
    /// How often those that have to, and hardware that something waits for, are looked at.
    pub(crate) look: Duration,
}

/// What a reload starts with.
pub(crate) struct ReloadSettings {
    pub(crate) directories: Directories,
    pub(crate) configuration: Configuration,
    pub(crate) pace: Pace,
    /// Where what served is remembered; none: it is not.
    pub(crate) remembered: Option<Remembered>,
    /// Says which components may run; none: all.
    pub(crate) trust: Option<Arc<dyn Trust>>,
    /// For the times in reports.
    pub(crate) clock: SharedClock,
}

/// A running reload. When it is dropped nothing is swapped any more; what was published goes on.
#[derive(Debug)]
pub(crate) struct Reload {
    requests: mpsc::Sender<Request>,
    reports: watch::Receiver<Vec<PluginReport>>,
    events: broadcast::Sender<PluginEvent>,
}

/// What is asked of the task.
#[derive(Debug)]
pub(crate) enum Request {
    /// Compare everything, in this configuration if there is another; answered when all that follows from it is done.
    Compare(Option<Configuration>, oneshot::Sender<()>),
    /// Take back what serves; answered when what served before serves again.
    RollBack(Slot, oneshot::Sender<Result<(), NoRollback>>),
}

/// Why what served before does not serve again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRollback {
    /// No plugin of that name serves.
    #[error("no plugin of that name serves")]
    Unknown,
    /// There is no version before this one.
    #[error("no version before this one is kept")]
    Nothing,
    /// Who says which components may run does not say so of that one any more; the log says why.
    #[error("the version before this one may not run any more; the log says why")]
    Untrusted,
    /// Something else is being loaded.
    #[error("another version is being loaded; try again")]
    Busy,
    /// It could not be loaded; the report says why.
    #[error("the version before this one cannot serve any more; `slewgate plugin list` says why")]
    Failed,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            quiet: Duration::from_millis(200),
            compare: Duration::from_secs(30),
            start: Duration::from_secs(10),
            probation: Duration::from_secs(60),
            look: Duration::from_millis(100),
        }
    }
}

/// Loads all that is there, publishes it once, and goes on by itself. What fails to load is recorded; what takes long follows.
pub(crate) async fn start<L, P>(settings: ReloadSettings, loader: L, publish: P) -> Reload
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    let list = settings.trust.as_ref().and_then(|trust| trust.list());
    let watch = Watch::new(settings.directories.clone()).hearing_of(list);
    start_with(watch, settings, loader, publish).await
}

/// [`start`], hearing of changes from this watch.
pub(super) async fn start_with<L, P>(
    watch: Watch,
    settings: ReloadSettings,
    loader: L,
    publish: P,
) -> Reload
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    let (requests, asked) = mpsc::channel(MAX_REQUESTS);
    let (told, reports) = watch::channel(Vec::new());
    let (events, _) = broadcast::channel(MAX_EVENTS);
    let mut task = Task::new(watch, settings, loader, publish, (told, events.clone()));
    task.load_all().await;
    tokio::spawn(task.run(asked));
    Reload {
        requests,
        reports,
        events,
    }
}

impl Reload {
    /// How each plugin stands, handlers first.
    pub(crate) fn reports(&self) -> watch::Receiver<Vec<PluginReport>> {
        self.reports.clone()
    }

    /// News from here on.
    pub(crate) fn events(&self) -> broadcast::Receiver<PluginEvent> {
        self.events.subscribe()
    }

    /// For news that others have of plugins.
    pub(crate) fn teller(&self) -> broadcast::Sender<PluginEvent> {
        self.events.clone()
    }

    /// Other tables or settings. Returns when what changed by it is loaded, or has failed.
    pub(crate) async fn configure(&self, configuration: Configuration) {
        self.request(Some(configuration)).await;
    }

    /// Compare everything now, and try again what failed. Returns when that is done.
    pub(crate) async fn compare(&self) {
        self.request(None).await;
    }

    /// What served before in this slot serves again, and what does now is not tried again until its file is written anew.
    pub(crate) async fn roll_back(&self, slot: Slot) -> Result<(), NoRollback> {
        let (done, answer) = oneshot::channel();
        let asked = self.requests.send(Request::RollBack(slot, done)).await;
        match asked {
            Ok(()) => answer.await.unwrap_or(Err(NoRollback::Failed)),
            Err(_) => Err(NoRollback::Failed),
        }
    }

    async fn request(&self, configuration: Option<Configuration>) {
        let (done, answer) = oneshot::channel();
        let asked = self
            .requests
            .send(Request::Compare(configuration, done))
            .await;
        if asked.is_ok() {
            // An error means that the task has ended, or that too many wait: there is nothing to wait for.
            _ = answer.await;
        }
    }
}
