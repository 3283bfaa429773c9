//! One attempt to fill a slot. Runs beside the task, which hears the outcome.

use std::fs::Metadata;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;

use crate::bounds::{MAX_CAUSE, cut};

use super::candidate::{Digest, Reading, read};
use super::loader::{LoadError, Loader, Unit};
use super::remembered::{Kept, Refused, Remembered};
use super::report::{PluginKind, Stage};
use super::shelf::{Identity, Ready};
use super::slot::Slot;
use super::steps::{Progress, Step};
use super::trust::{Trust, judge};

/// How many units of each kind are read and loaded at once, beside a large one.
pub(crate) const MAX_LOADS: usize = 2;

/// From this size on, in bytes, a component is large: it may take long to compile, and much memory.
const LARGE: u64 = 1 << 20;

/// What every attempt needs.
#[derive(Debug)]
pub(crate) struct Workshop<L> {
    loader: L,
    remembered: Option<Remembered>,
    trust: Option<Arc<dyn Trust>>,
    steps: UnboundedSender<Step>,
    permits: Permits,
    generations: AtomicU64,
}

/// Those who wait for their turn. Policies have queues of their own, and so has what is large: a policy that became stricter waits behind no handler,
/// and one that is small behind no interpreter.
#[derive(Debug)]
struct Permits {
    handlers: Queues,
    policies: Queues,
}

/// Those of one kind of plugin.
#[derive(Debug)]
struct Queues {
    small: Semaphore,
    large: Semaphore,
}

impl Queues {
    fn new() -> Queues {
        Queues {
            small: Semaphore::new(MAX_LOADS),
            large: Semaphore::new(1),
        }
    }
}

/// What one attempt is about.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) slot: Slot,
    pub(crate) source: Source,
    /// What need not be loaded again: it serves.
    pub(crate) serving: Option<Identity>,
    /// What need not be loaded again: it is ready, and waits.
    pub(crate) waiting: Option<Identity>,
    /// What need not be tried again: it failed.
    pub(crate) failed: Option<Identity>,
    /// What must not be tried again: it was taken back.
    pub(crate) refused: Vec<Refused>,
    /// What is remembered of before the start: serves if this cannot, or fails more often.
    pub(crate) remembered: Option<Kept>,
}

/// Where a unit comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The file of the slot, with the settings of the configuration.
    File { path: PathBuf, settings: String },
    /// What served before, as a whole.
    Kept(Kept),
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// The file holds what served when this began.
    Unchanged(Identity),
    /// The file holds what waits.
    StillWaiting,
    /// The file holds what failed before.
    StillFailed,
    Absent,
    /// The file changed while it was read.
    Unsettled,
    Loaded {
        ready: Ready<T>,
        /// It served well before the start.
        proven: bool,
        /// What did, if that is something else.
        before: Option<Ready<T>>,
    },
    Failed {
        identity: Option<Identity>,
        error: LoadError,
        /// What served well before the start.
        instead: Option<Ready<T>>,
    },
}

/// What came of reading.
enum Found {
    Unit(Component),
    Absent,
    Unsettled,
}

/// A component and its settings, as they were read.
struct Component {
    identity: Identity,
    bytes: Arc<[u8]>,
    path: PathBuf,
    file: Box<Metadata>,
}

impl<L: Loader> Workshop<L> {
    pub(crate) fn new(
        loader: L,
        remembered: Option<Remembered>,
        trust: Option<Arc<dyn Trust>>,
        steps: UnboundedSender<Step>,
    ) -> Workshop<L> {
        Workshop {
            loader,
            remembered,
            trust,
            steps,
            permits: Permits {
                handlers: Queues::new(),
                policies: Queues::new(),
            },
            generations: AtomicU64::new(0),
        }
    }

    pub(crate) fn loader(&self) -> &L {
        &self.loader
    }

    pub(crate) fn remembered(&self) -> Option<&Remembered> {
        self.remembered.as_ref()
    }

    /// Whether a component that was loaded before may still run: as it lies there now, if it was kept there.
    pub(crate) async fn may_still_run(
        &self,
        path: PathBuf,
        digest: Digest,
    ) -> Result<(), LoadError> {
        let own = path.clone();
        let looked = spawn_blocking(move || std::fs::metadata(own)).await;
        let at = |cause| LoadError {
            stage: Stage::Trust,
            cause,
        };
        let looked = looked.map_err(anyhow::Error::from).and_then(|looked| {
            looked.with_context(|| format!("cannot look at {}", path.display()))
        });
        let file = Box::new(looked.map_err(at)?);
        judge(self.trust.clone(), path, digest.bytes(), file).await
    }

    pub(crate) fn asks_whom_to_trust(&self) -> bool {
        self.trust.is_some()
    }

    pub(crate) async fn attempt(self: Arc<Self>, mut job: Job) -> Outcome<L::Loaded> {
        let permit = self.permit(job.slot.kind(), &job.source).await;
        let remembered = job.remembered.take();
        let mut outcome = self.find_and_load(&job).await;
        let (known, other) = match &mut outcome {
            Outcome::Loaded {
                ready,
                proven,
                before,
            } => {
                *proven = remembered
                    .as_ref()
                    .is_some_and(|kept| kept.identity == ready.identity);
                (Some(&ready.identity), before)
            }
            // What was kept lies elsewhere: there it may be trusted.
            Outcome::Failed { error, instead, .. } if error.stage == Stage::Trust => {
                (None, instead)
            }
            Outcome::Failed {
                identity, instead, ..
            } => (identity.as_ref(), instead),
            _ => return outcome,
        };
        if let Some(another) = remembered.filter(|kept| Some(&kept.identity) != known) {
            // It may be of another size.
            drop(permit);
            let source = Source::Kept(another);
            let _permit = self.permit(job.slot.kind(), &source).await;
            *other = self.load_kept(&job.slot, &source).await;
        }
        outcome
    }

    /// The turn of an attempt. What is not there needs none: that it is gone is known at once.
    async fn permit(&self, kind: PluginKind, source: &Source) -> Option<SemaphorePermit<'_>> {
        let path = match source {
            Source::File { path, .. } => path.clone(),
            Source::Kept(kept) => self.remembered.as_ref()?.component(kept),
        };
        let length = spawn_blocking(move || std::fs::metadata(path).map(|file| file.len()));
        let queues = match kind {
            PluginKind::Handler => &self.permits.handlers,
            PluginKind::Policy => &self.permits.policies,
        };
        let permits = match length.await.ok()? {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Ok(length) if length >= LARGE => &queues.large,
            _ => &queues.small,
        };
        // Nobody closes a semaphore; without a permit the attempt would only be less patient.
        permits.acquire().await.ok()
    }

    async fn find_and_load(&self, job: &Job) -> Outcome<L::Loaded> {
        let component = match self.find(&job.source).await {
            Ok(Found::Unit(component)) => component,
            Ok(Found::Absent) => return Outcome::Absent,
            Ok(Found::Unsettled) => return Outcome::Unsettled,
            Err(cause) => return Outcome::failed(Stage::Read, cause),
        };
        let is = |known: &Option<Identity>| known.as_ref() == Some(&component.identity);
        if is(&job.serving) {
            return Outcome::Unchanged(component.identity);
        }
        if is(&job.waiting) {
            return Outcome::StillWaiting;
        }
        if is(&job.failed) {
            return Outcome::StillFailed;
        }
        if let Some(refused) = job
            .refused
            .iter()
            .find(|refused| refused.identity == component.identity)
        {
            let error = LoadError {
                stage: refused.stage,
                cause: anyhow!("{}", refused.cause),
            };
            return Outcome::Failed {
                identity: Some(component.identity),
                error,
                instead: None,
            };
        }
        self.load(&job.slot, component).await
    }

    async fn load(&self, slot: &Slot, component: Component) -> Outcome<L::Loaded> {
        let Component {
            identity,
            bytes,
            path,
            file,
        } = component;
        let mut progress = Progress::new(slot.clone(), identity.digest, self.steps.clone());
        progress.begins(Stage::Trust);
        let trusted = judge(self.trust.clone(), path, identity.digest.bytes(), file).await;
        if let Err(error) = trusted {
            return Outcome::Failed {
                identity: Some(identity),
                error,
                instead: None,
            };
        }
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        progress.is_generation(generation);
        let unit = Unit {
            slot: slot.clone(),
            bytes: Arc::clone(&bytes),
            settings: identity.settings.clone(),
            generation,
        };
        match self.loader.load(unit, &mut progress).await {
            Ok(loaded) => {
                tracing::info!(%slot, generation, digest = %identity.digest, steps = %progress, "loaded");
                Outcome::Loaded {
                    ready: Ready {
                        identity,
                        generation,
                        loaded: Arc::new(loaded),
                        component: Some(bytes),
                    },
                    proven: false,
                    before: None,
                }
            }
            Err(error) => Outcome::Failed {
                identity: Some(identity),
                error,
                instead: None,
            },
        }
    }

    async fn find(&self, source: &Source) -> anyhow::Result<Found> {
        let (path, settings) = match source {
            Source::File { path, settings } => (path.clone(), settings.clone()),
            Source::Kept(kept) => {
                let remembered = self.remembered.as_ref().context("nothing is remembered")?;
                (remembered.component(kept), kept.identity.settings.clone())
            }
        };
        let own = path.clone();
        let (bytes, digest, file) = match spawn_blocking(move || read(&own)).await?? {
            Reading::Whole {
                bytes,
                digest,
                file,
            } => (bytes, digest, file),
            Reading::Absent => return Ok(Found::Absent),
            Reading::Unsettled => return Ok(Found::Unsettled),
        };
        if let Source::Kept(kept) = source
            && kept.identity.digest != digest
        {
            bail!("{} is damaged", path.display());
        }
        let identity = Identity { digest, settings };
        Ok(Found::Unit(Component {
            identity,
            bytes,
            path,
            file,
        }))
    }

    /// What is remembered, if it still serves.
    async fn load_kept(&self, slot: &Slot, kept: &Source) -> Option<Ready<L::Loaded>> {
        let found = self.find(kept).await;
        let loaded = match found {
            Ok(Found::Unit(component)) => self.load(slot, component).await,
            Ok(_) => Outcome::failed(Stage::Read, anyhow!("its component is gone")),
            Err(cause) => Outcome::failed(Stage::Read, cause),
        };
        match loaded {
            Outcome::Loaded { ready, .. } => Some(ready),
            Outcome::Failed { error, .. } => {
                tracing::warn!(%slot, stage = %error.stage, cause = cut(&format!("{:#}", error.cause), MAX_CAUSE),
                    "what served before cannot serve either");
                None
            }
            _ => None,
        }
    }
}

impl<T> Outcome<T> {
    pub(crate) fn failed(stage: Stage, cause: anyhow::Error) -> Outcome<T> {
        Outcome::Failed {
            identity: None,
            error: LoadError { stage, cause },
            instead: None,
        }
    }
}
