//! One attempt to fill a slot from its file. Runs beside the task, which hears the outcome.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::candidate::{Reading, read};
use super::loader::{LoadError, Loader, Unit};
use super::report::Stage;
use super::shelf::Identity;
use super::slot::Slot;

/// How many units are read and loaded at once.
pub(crate) const MAX_LOADS: usize = 2;

/// What every attempt needs.
#[derive(Debug)]
pub(crate) struct Workshop<L> {
    loader: L,
    permits: Semaphore,
    generations: AtomicU64,
}

/// What one attempt is about.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) slot: Slot,
    pub(crate) path: PathBuf,
    pub(crate) settings: String,
    /// What need not be loaded again: it serves.
    pub(crate) serving: Option<Identity>,
    /// What need not be tried again: it failed.
    pub(crate) failed: Option<Identity>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// The file holds what serves.
    Unchanged,
    /// The file holds what failed before.
    StillFailed,
    Absent,
    /// The file changed while it was read.
    Unsettled,
    Loaded {
        identity: Identity,
        generation: u64,
        loaded: T,
    },
    Failed {
        identity: Option<Identity>,
        error: LoadError,
    },
}

impl<L: Loader> Workshop<L> {
    pub(crate) fn new(loader: L) -> Workshop<L> {
        Workshop {
            loader,
            permits: Semaphore::new(MAX_LOADS),
            generations: AtomicU64::new(0),
        }
    }

    pub(crate) async fn attempt(self: Arc<Self>, job: Job) -> Outcome<L::Loaded> {
        // Nobody closes the semaphore; without a permit the attempt would only be less patient.
        let _permit = self.permits.acquire().await.ok();
        let path = job.path;
        let (bytes, digest) = match spawn_blocking(move || read(&path)).await {
            Ok(Ok(Reading::Whole { bytes, digest })) => (bytes, digest),
            Ok(Ok(Reading::Absent)) => return Outcome::Absent,
            Ok(Ok(Reading::Unsettled)) => return Outcome::Unsettled,
            Ok(Err(cause)) => return Outcome::failed(Stage::Read, cause),
            Err(fault) => return Outcome::failed(Stage::Read, fault.into()),
        };
        let identity = Identity {
            digest,
            settings: job.settings,
        };
        if job.serving.as_ref() == Some(&identity) {
            return Outcome::Unchanged;
        }
        if job.failed.as_ref() == Some(&identity) {
            return Outcome::StillFailed;
        }
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        let settings = identity.settings.clone();
        let unit = Unit {
            slot: job.slot,
            bytes,
            digest,
            settings,
            generation,
        };
        tracing::debug!(slot = %unit.slot, digest = %unit.digest, generation, "loading");
        match self.loader.load(unit).await {
            Ok(loaded) => Outcome::Loaded {
                identity,
                generation,
                loaded,
            },
            Err(error) => Outcome::Failed {
                identity: Some(identity),
                error,
            },
        }
    }
}

impl<T> Outcome<T> {
    pub(crate) fn failed(stage: Stage, cause: anyhow::Error) -> Outcome<T> {
        Outcome::Failed {
            identity: None,
            error: LoadError { stage, cause },
        }
    }
}
