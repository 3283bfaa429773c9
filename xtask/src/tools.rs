//! Other people's programs that tests drive the host with.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::workspace::{Workspace, step};

/// INDI's driver for LX200 mounts, its server, and the clients for scripts.
const INDI: [&str; 4] = [
    "indiserver",
    "indi_lx200basic",
    "indi_getprop",
    "indi_setprop",
];

/// Says what is missing of INDI.
pub(crate) fn ensure_indi() -> anyhow::Result<()> {
    let missing: Vec<_> = INDI
        .into_iter()
        .filter(|program| !is_on_path(program))
        .collect();
    if !missing.is_empty() {
        bail!(
            "{} not found on the PATH; install INDI: apt-get install indi-bin",
            missing.join(", ")
        );
    }
    Ok(())
}

/// A Python of the repository's own, in `target/venv`, that has the library `websockets`.
pub(crate) fn ensure_python(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let folder = workspace.target.join("venv");
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    if has_websockets(&python) {
        return Ok(python);
    }
    step(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )
    .context("tests with Python need python3 and its venv: apt-get install python3 python3-venv")?;
    step(Command::new(&python).args(["-m", "pip", "install", "--quiet", "websockets"]))
        .with_context(|| {
            format!(
                "tests with Python need its library websockets in {}",
                folder.display()
            )
        })?;
    Ok(python)
}

fn has_websockets(python: &PathBuf) -> bool {
    let mut command = Command::new(python);
    command
        .args(["-c", "import websockets"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
