//! Writing files that a running host may be watching.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::Context;

/// Puts `bytes` at `path` in one step, and leaves a file alone that has them already.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    replace(
        path,
        bytes,
        OpenOptions::new().write(true).create(true).truncate(true),
    )
}

/// Puts a text at `path` that only the user may read.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    replace(path, text.as_bytes(), &crate::platform::private_file())
}

/// The temporary file's name ends as none that the host takes for a component.
fn replace(path: &Path, bytes: &[u8], options: &OpenOptions) -> anyhow::Result<()> {
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let new = path.with_added_extension(format!("{}.new", std::process::id()));
        let written = options
            .open(&new)
            .and_then(|mut file| file.write_all(bytes));
        written
            .and_then(|()| fs::rename(&new, path))
            .inspect_err(|_| drop(fs::remove_file(&new)))
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
