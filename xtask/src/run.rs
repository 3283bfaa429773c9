//! `cargo xtask run`: a host with a simulated telescope, for this computer alone.

use std::fs;
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;

use crate::demo::Demo;
use crate::workspace::Workspace;
use crate::{platform, plugins};

/// Builds, fills the data directory, and becomes the host; beside it a second process waits for it and says how to connect.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let components = plugins::build(workspace)?;
    workspace.build_program()?;

    let demo = Demo::new(workspace);
    plugins::install(&components, &demo.data, workspace)?;
    demo.write_configuration(&workspace.root)?;
    for token in crate::demo::TOKENS {
        demo.ensure_token(token)?;
    }
    forget(&demo)?;
    announcer()?
        .spawn()
        .context("cannot start the process that says how to connect")?;
    platform::become_host(demo.host())
}

/// A ready file that an earlier host left would announce one that is not there yet.
fn forget(demo: &Demo) -> anyhow::Result<()> {
    match fs::remove_file(&demo.ready) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn announcer() -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["announce", &std::process::id().to_string()])
        .stdin(Stdio::null());
    Ok(command)
}
