//! The same as `unix.rs`, as far as other systems have it.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context;

/// Runs the host to its end; a Ctrl-C reaches both.
pub(crate) fn become_host(mut host: Command) -> anyhow::Result<ExitCode> {
    let status = host
        .status()
        .with_context(|| format!("cannot run {}", host.get_program().display()))?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Not known here.
pub(crate) fn is_parent(_process: u32) -> bool {
    true
}

/// A directory has the rights that the one above hands down.
pub(crate) fn make_private_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// A new file has the rights that its folder hands down.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options
}
