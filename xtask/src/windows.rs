//! The same as `unix.rs`, as far as other systems have it.

use std::fs::OpenOptions;
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

/// A new file has the rights that its folder hands down.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options
}
