//! What Unix has: one program becomes another, files have modes, an orphan has another parent.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::{CommandExt, parent_id};
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context;

/// Becomes the host, so that Ctrl-C, signals and the exit code are the host's own.
pub(crate) fn become_host(mut host: Command) -> anyhow::Result<ExitCode> {
    let error = host.exec();
    Err(error).with_context(|| format!("cannot run {}", host.get_program().display()))
}

/// Whether the process that started this one, and became the host, is still there.
pub(crate) fn is_parent(process: u32) -> bool {
    parent_id() == process
}

/// A directory that only its owner may enter, made if need be.
pub(crate) fn make_private_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// For a new file that only its owner may read.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}
