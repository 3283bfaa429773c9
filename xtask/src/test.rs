//! `cargo xtask test`: the plugins, then every test of the workspace.

use std::process::ExitCode;

use clap::Args;

use crate::workspace::{Workspace, step};
use crate::{dist, fuzz, plugins, tools};

#[derive(Args)]
pub(crate) struct Options {
    /// Also the tests that need other tools (Python with `websockets` and `pyerfa`, INDI, Chromium with Node, `ip`, clang, and
    /// what builds plugins in other languages) or the archive that is given away.
    #[arg(long)]
    all: bool,
    /// Give tests that repeat something the time to repeat it often, and fuzz each target for a minute.
    #[arg(long)]
    long: bool,
}

/// The tests find the components by `SLEWGATE_PLUGINS`, a Python with its libraries by `SLEWGATE_PYTHON`, a Chromium
/// by `SLEWGATE_CHROMIUM`, and the archive by `SLEWGATE_DIST`.
pub(crate) fn test(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let mut cargo = workspace.cargo();
    let mut left_out = None;
    // Whoever waits for the tests wants to know of all that fail.
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    if options.all {
        tools::ensure_indi()?;
        tools::ensure_c()?;
        cargo.env("SLEWGATE_PYTHON", tools::ensure_python(workspace)?);
        cargo.env("SLEWGATE_CHROMIUM", tools::ensure_browser(workspace)?);
        cargo.env("SLEWGATE_DIST", dist::make(workspace)?);
        cargo.args(["--features", "slewgate-tests/tools,slewgate-authors/tools"]);
        left_out = (!tools::may_make_namespaces()?).then_some(tools::NAMESPACES);
    }
    if options.long {
        cargo.env("SLEWGATE_LONG", "1");
    }
    cargo.env("SLEWGATE_PLUGINS", plugins::build(workspace)?);
    if let Some(name) = left_out {
        cargo.args(["--", "--skip", name]);
    }
    step(&mut cargo)?;
    if options.long {
        fuzz::fuzz(workspace, &fuzz::Options::of_a_long_test())?;
    }
    Ok(ExitCode::SUCCESS)
}
