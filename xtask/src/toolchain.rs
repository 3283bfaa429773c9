//! What rustc needs before it can build components.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::workspace::{Workspace, step};

/// The platform of components.
pub(crate) const COMPONENT_TARGET: &str = "wasm32-wasip2";

/// Gets the target for components with rustup where the toolchain lacks it.
pub(crate) fn ensure_component_target(workspace: &Workspace) -> anyhow::Result<()> {
    if holds_something(&library_folder(&workspace.root)?) {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", COMPONENT_TARGET])
        .current_dir(&workspace.root);
    eprintln!("rustc has no target {COMPONENT_TARGET} yet: adding it with rustup");
    step(&mut rustup).with_context(|| {
        format!("plugins need rustc's target {COMPONENT_TARGET}; install it with rustup, or as your distribution does")
    })
}

/// The platform that rustc builds programs for.
pub(crate) fn host_platform(workspace: &Workspace) -> anyhow::Result<String> {
    let output = Command::new("rustc")
        .args(["--version", "--verbose"])
        .current_dir(&workspace.root)
        .output()
        .context("cannot run rustc")?;
    let told = String::from_utf8(output.stdout)?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .with_context(|| format!("rustc does not tell its platform: {told}"))
}

/// Where rustc keeps the target's standard library, whether or not it is there.
fn library_folder(root: &Path) -> anyhow::Result<PathBuf> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", COMPONENT_TARGET])
        .current_dir(root)
        .output()
        .context("cannot run rustc")?;
    if !output.status.success() {
        bail!(
            "rustc knows no target {COMPONENT_TARGET}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim_end()))
}

fn holds_something(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}
