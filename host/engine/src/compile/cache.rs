//! Compiled code on disk, in a directory that is the host's alone: what lies there is run as it is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wasmtime::{Cache, CacheConfig};

/// Bytes of compiled code that are kept; the oldest go when there is more. A plugin in Rust has some 200 KB, one in JavaScript 20 MB.
const MAX_BYTES: u64 = 512 << 20;

/// Components and core modules that are kept.
const MAX_FILES: u64 = 1024;

/// The cache. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    directory: PathBuf,
    cache: Cache,
}

impl Compiled {
    /// The cache in this directory, which is made, and made private, where it must be.
    pub(crate) fn open(directory: &Path) -> anyhow::Result<Compiled> {
        let whole = || format!("cannot keep compiled code in {}", directory.display());
        fs::create_dir_all(directory).with_context(whole)?;
        platform::make_private(directory).with_context(whole)?;
        let directory = fs::canonicalize(directory).with_context(whole)?;
        let mut settings = CacheConfig::new();
        settings
            .with_directory(&directory)
            .with_files_total_size_soft_limit(MAX_BYTES)
            .with_file_count_soft_limit(MAX_FILES);
        let cache = Cache::new(settings)
            .map_err(super::wasmtime_error)
            .with_context(whole)?;
        Ok(Compiled { directory, cache })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn wasmtime(&self) -> Cache {
        self.cache.clone()
    }

    /// How often code was asked for that was not there.
    pub(crate) fn misses(&self) -> usize {
        self.cache.cache_misses()
    }
}

#[cfg(unix)]
mod platform {
    use std::os::unix::fs::PermissionsExt;

    /// Nobody else may write there.
    pub(super) fn make_private(directory: &std::path::Path) -> std::io::Result<()> {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
    }
}

#[cfg(not(unix))]
mod platform {
    /// The directory inherits the rights of the data directory.
    pub(super) fn make_private(_: &std::path::Path) -> std::io::Result<()> {
        Ok(())
    }
}
