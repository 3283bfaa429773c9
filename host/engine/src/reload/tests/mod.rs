//! Reloading with a loader that takes text for components: `good: …` serves, anything else is no component.

mod comparing;
mod draining;
mod editors;
mod failures;
mod hints;
mod probation;
mod remembering;
mod steps;
mod swaps;
mod trust;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use slewgate_sky::SystemClock;
use tempfile::TempDir;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::timeout;

use super::handle::start_with;
use super::watch::Watch;
use super::*;

/// For everything that a test waits for.
const DEADLINE: Duration = Duration::from_secs(10);
/// Longer than two steps of an editor are apart.
const QUIET: Duration = Duration::from_millis(300);
/// Longer than any test: what is found was heard of.
const NEVER: Duration = Duration::from_secs(3600);

/// What the loader makes of a component.
#[derive(Debug)]
struct Loaded {
    text: String,
    settings: String,
    generation: u64,
    tally: Mutex<Tally>,
    calls: AtomicUsize,
    ended: AtomicBool,
}

/// Loads one unit for each permit, and keeps what it was given.
#[derive(Clone)]
struct Text {
    gate: Arc<Semaphore>,
    seen: tokio::sync::watch::Sender<Vec<String>>,
    moves: Arc<AtomicBool>,
    /// How many tries more are ended by what has nothing to do with the component.
    interrupted: Arc<AtomicUsize>,
    drain: Duration,
}

impl Text {
    /// That waits for nothing.
    fn open() -> Text {
        Text::gated(Semaphore::MAX_PERMITS)
    }

    fn gated(permits: usize) -> Text {
        Text {
            gate: Arc::new(Semaphore::new(permits)),
            seen: tokio::sync::watch::Sender::default(),
            moves: Arc::default(),
            interrupted: Arc::default(),
            drain: NEVER,
        }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.borrow().clone()
    }

    /// Waits until a version is being loaded.
    async fn begins(&self, text: &str) {
        let mut seen = self.seen.subscribe();
        let begun = seen.wait_for(|seen| seen.iter().any(|seen| seen == text));
        timeout(DEADLINE, begun).await.unwrap().unwrap();
    }
}

impl Loader for Text {
    type Loaded = Loaded;

    async fn load(&self, unit: Unit, progress: &mut Progress) -> Result<Loaded, LoadError> {
        progress.begins(Stage::Parse);
        let text = String::from_utf8(unit.bytes.to_vec()).unwrap();
        self.seen.send_modify(|seen| seen.push(text.clone()));
        self.gate.acquire().await.unwrap().forget();
        let left = |left: usize| left.checked_sub(1);
        let interrupted = &self.interrupted;
        if interrupted
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left)
            .is_ok()
        {
            let cause = anyhow::anyhow!("killed").context(Passing);
            let stage = Stage::Compile;
            return Err(LoadError { stage, cause });
        }
        if text == "bad: panics" {
            panic!("out of cheese");
        }
        let component = text
            .strip_prefix("good: ")
            .context("no magic number")
            .context("not a component");
        match component {
            Ok(_) => Ok(Loaded {
                text,
                settings: unit.settings,
                generation: unit.generation,
                tally: Mutex::default(),
                calls: AtomicUsize::new(0),
                ended: AtomicBool::new(false),
            }),
            Err(cause) => Err(LoadError {
                stage: Stage::Parse,
                cause,
            }),
        }
    }

    fn tally(&self, loaded: &Loaded) -> Tally {
        *loaded.tally.lock().unwrap()
    }

    fn calls(&self, loaded: &Loaded) -> usize {
        loaded.calls.load(Ordering::Relaxed)
    }

    fn drain(&self, _: &Loaded) -> Duration {
        self.drain
    }

    fn end_calls(&self, loaded: &Loaded) {
        loaded.ended.store(true, Ordering::Relaxed);
    }

    fn is_idle(&self, _: &Slot) -> bool {
        !self.moves.load(Ordering::Relaxed)
    }
}

/// A data directory, its reload, and all that was published.
struct World {
    home: TempDir,
    loader: Text,
    reload: Reload,
    published: mpsc::UnboundedReceiver<Serving<Loaded>>,
}

impl World {
    /// With these files, named from the data directory.
    async fn with(files: &[(&str, &str)]) -> World {
        World::start(home(files), Text::open(), Configuration::default(), NEVER).await
    }

    async fn start(
        home: TempDir,
        loader: Text,
        configuration: Configuration,
        compare: Duration,
    ) -> World {
        let directories = directories(&home);
        let watch = Watch::new(directories.clone());
        World::watching(watch, home, directories, loader, configuration, compare).await
    }

    async fn paced(
        home: TempDir,
        configuration: Configuration,
        pace: Pace,
        remembered: Option<Remembered>,
    ) -> World {
        let directories = directories(&home);
        let settings = ReloadSettings {
            pace,
            remembered,
            ..settings(directories.clone(), configuration, NEVER)
        };
        World::set(Watch::new(directories), home, Text::open(), settings).await
    }

    async fn watching(
        watch: Watch,
        home: TempDir,
        directories: Directories,
        loader: Text,
        configuration: Configuration,
        compare: Duration,
    ) -> World {
        let settings = settings(directories, configuration, compare);
        World::set(watch, home, loader, settings).await
    }

    async fn set(watch: Watch, home: TempDir, loader: Text, settings: ReloadSettings) -> World {
        let (sender, published) = mpsc::unbounded_channel();
        let publish = move |serving| _ = sender.send(serving);
        let reload = start_with(watch, settings, loader.clone(), publish).await;
        World {
            home,
            loader,
            reload,
            published,
        }
    }

    /// The next news but steps.
    async fn became(events: &mut broadcast::Receiver<PluginEvent>) -> PluginEvent {
        loop {
            let event = timeout(DEADLINE, events.recv()).await.unwrap().unwrap();
            if event.what != What::Step {
                return event;
            }
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.home.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    /// What is published next.
    async fn next(&mut self) -> Serving<Loaded> {
        timeout(DEADLINE, self.published.recv())
            .await
            .expect("nothing was published")
            .unwrap()
    }

    /// Waits until this slot serves this text. Answers the texts of each map on the way, none where it was empty.
    async fn serves(&mut self, slot: Slot, text: Option<&str>) -> Vec<Option<String>> {
        let mut texts = Vec::new();
        loop {
            let serving = self
                .next()
                .await
                .plugins
                .get(&slot)
                .map(|loaded| loaded.text.clone());
            texts.push(serving.clone());
            if serving.as_deref() == text {
                return texts;
            }
        }
    }

    /// Waits until this plugin is reported like this.
    async fn reported(&self, name: &str, like: impl Fn(&PluginReport) -> bool) -> PluginReport {
        let mut reports = self.reload.reports();
        let found = |reports: &Vec<PluginReport>| {
            reports
                .iter()
                .any(|plugin| plugin.name == name && like(plugin))
        };
        let reports = timeout(DEADLINE, reports.wait_for(found))
            .await
            .expect("it was never reported like that");
        reports
            .unwrap()
            .iter()
            .find(|plugin| plugin.name == name)
            .unwrap()
            .clone()
    }
}

fn settings(
    directories: Directories,
    configuration: Configuration,
    compare: Duration,
) -> ReloadSettings {
    ReloadSettings {
        directories,
        configuration,
        pace: Pace {
            compare,
            ..pace(NEVER)
        },
        remembered: None,
        trust: None,
        clock: Arc::new(SystemClock),
    }
}

fn pace(probation: Duration) -> Pace {
    Pace {
        quiet: QUIET,
        compare: NEVER,
        start: NEVER,
        probation,
        look: Duration::from_millis(5),
    }
}

fn home(files: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for directory in ["handlers", "policies"] {
        fs::create_dir(home.path().join(directory)).unwrap();
    }
    for (file, text) in files {
        fs::write(home.path().join(file), text).unwrap();
    }
    home
}

fn directories(home: &TempDir) -> Directories {
    Directories {
        handlers: home.path().join("handlers"),
        policies: home.path().join("policies"),
    }
}

fn policy(client_type: &str) -> Slot {
    Slot::Policy(client_type.to_owned())
}

fn handler(table: &str) -> Slot {
    Slot::Handler(table.to_owned())
}

/// Tables that name components, each with its settings.
fn tables(named: &[(&str, &str, &str)]) -> Configuration {
    let table = |(table, component, settings): &(&str, &str, &str)| {
        let unit = TableUnit {
            component: (*component).to_owned(),
            settings: (*settings).to_owned(),
            when_idle: false,
        };
        ((*table).to_owned(), unit)
    };
    Configuration {
        tables: named.iter().map(table).collect(),
        ..Configuration::default()
    }
}
