//! `cargo xtask bench`: what the host costs, beside what it stands on.

use std::process::{Command, ExitCode};

use clap::Args;

use crate::workspace::{Workspace, step};
use crate::{languages, plugins};

#[derive(Args)]
pub(crate) struct Options {
    /// `path` (from a socket to a plugin and back), `component` (calls of plugins), `stop` (a stop's way to the wire, quiet and under
    /// load), `gap` (between two exchanges of a line) or `reload` (a new version of a plugin, a start); all, where none is named.
    names: Vec<String>,
    /// A few blocks, without a verdict: shows that the bench works.
    #[arg(long)]
    short: bool,
}

/// Measures what the tests test: one profile, so that nothing is built again for it.
pub(crate) fn bench(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let components = plugins::build(workspace)?;
    let mut cargo = workspace.cargo();
    cargo.args([
        "build",
        "--workspace",
        "--bin",
        "slewgate",
        "--example",
        "bench",
    ]);
    step(&mut cargo)?;
    let bench = workspace
        .slewgate()
        .with_file_name("examples")
        .join("bench");
    let mut command = Command::new(bench);
    command
        .args(&options.names)
        .env("SLEWGATE_PLUGINS", components)
        .env("SLEWGATE_LANGUAGES", languages::build(workspace)?);
    if options.short {
        command.arg("--short");
    }
    step(&mut command)?;
    Ok(ExitCode::SUCCESS)
}
