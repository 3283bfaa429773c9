//! Compiled code on disk, in a directory that is the host's alone: what lies there is run as it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use wasmtime::{Cache, CacheConfig};

use super::home;
use super::tidy::Lodger;

/// Bytes of compiled code that are kept; the oldest go when there is more. A plugin in Rust has some 200 KB, one in JavaScript 20 MB.
const MAX_BYTES: u64 = 512 << 20;

/// Components and core modules that are kept.
const MAX_FILES: u64 = 1024;

/// The cache. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    directory: PathBuf,
    cache: Cache,
    _lodger: Arc<Lodger>,
}

impl Compiled {
    /// The cache in this directory, for the first who uses it: what others could have put there is deleted, and so is what was left
    /// half written.
    ///
    /// # Errors
    /// The directory cannot be made, or made private, or others could put another one in its place.
    pub(crate) fn open(directory: &Path) -> anyhow::Result<Compiled> {
        Compiled::with(directory, Lodger::tidy)
    }

    /// The same, for a process that compiles for another.
    pub(super) fn join(directory: &Path) -> anyhow::Result<Compiled> {
        Compiled::with(directory, Lodger::join)
    }

    fn with(directory: &Path, enter: fn(&Path) -> Lodger) -> anyhow::Result<Compiled> {
        let whole = || {
            let directory = directory.display();
            format!(
                "cannot keep compiled code in {directory}; see that the host can write there, and nobody else"
            )
        };
        let home = home::private(directory).with_context(whole)?;
        let lodger = enter(&home);
        let mut settings = CacheConfig::new();
        settings
            .with_directory(&home)
            .with_files_total_size_soft_limit(MAX_BYTES)
            .with_file_count_soft_limit(MAX_FILES);
        let cache = Cache::new(settings)
            .map_err(super::wasmtime_error)
            .with_context(whole)?;
        Ok(Compiled {
            directory: home,
            cache,
            _lodger: Arc::new(lodger),
        })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn wasmtime(&self) -> Cache {
        self.cache.clone()
    }

    /// How often code was asked for that was there.
    pub(crate) fn hits(&self) -> usize {
        self.cache.cache_hits()
    }
}
