//! The running host.

use std::path::PathBuf;

use crate::config::Config;

/// What a host is started with.
pub struct ServeOptions {
    /// The checked configuration.
    pub config: Config,
    /// The data directory.
    pub data: PathBuf,
    /// Gets the bound addresses once all are bound.
    pub ready_file: Option<PathBuf>,
}

/// Runs the host until it is told to end.
pub fn serve(options: ServeOptions) -> anyhow::Result<()> {
    anyhow::bail!("no host can run on {} yet", options.data.display())
}
