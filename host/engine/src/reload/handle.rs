//! Starting the reload, and what others may ask of it.

use std::time::Duration;

use slewgate_sky::SharedClock;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::disk::Directories;
use super::loader::Loader;
use super::report::{PluginEvent, PluginReport};
use super::shelf::Serving;
use super::slot::Configuration;
use super::task::Task;
use super::watch::Watch;

/// News that a slow listener may fall behind.
const MAX_EVENTS: usize = 64;
/// Requests to the task that wait, and that wait for its answer.
pub(crate) const MAX_REQUESTS: usize = 16;

/// How long the task waits for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// A file that nobody wrote to for this long is stable.
    pub(crate) quiet: Duration,
    /// Contents are compared this often, whatever was heard.
    pub(crate) compare: Duration,
}

/// What a reload starts with.
pub(crate) struct ReloadSettings {
    pub(crate) directories: Directories,
    pub(crate) configuration: Configuration,
    pub(crate) pace: Pace,
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

/// What is asked of the task; it answers when all that follows from it is done.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) configuration: Option<Configuration>,
    pub(crate) done: oneshot::Sender<()>,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            quiet: Duration::from_millis(200),
            compare: Duration::from_secs(30),
        }
    }
}

/// Loads all that is there, publishes it once, and goes on by itself. What fails to load is recorded.
pub(crate) async fn start<L, P>(settings: ReloadSettings, loader: L, publish: P) -> Reload
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    let watch = Watch::new(settings.directories.clone());
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

    /// Other tables or settings. Returns when what changed by it is loaded, or has failed.
    pub(crate) async fn configure(&self, configuration: Configuration) {
        self.request(Some(configuration)).await;
    }

    /// Compare everything now, and try again what failed. Returns when that is done.
    pub(crate) async fn compare(&self) {
        self.request(None).await;
    }

    async fn request(&self, configuration: Option<Configuration>) {
        let (done, answer) = oneshot::channel();
        if self
            .requests
            .send(Request {
                configuration,
                done,
            })
            .await
            .is_ok()
        {
            // An error means that the task has ended, or that too many wait: there is nothing to wait for.
            _ = answer.await;
        }
    }
}
