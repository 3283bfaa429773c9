//! `cargo xtask test`: the plugins, then every test of the workspace.

use std::process::ExitCode;

use clap::Args;

use crate::workspace::{Workspace, step};
use crate::{autobahn, dist, fuzz, plugins, tools};

#[derive(Args)]
pub(crate) struct Options {
    /// Also the tests that need other tools (Python with `websockets` and `pyerfa`, INDI, Chromium with Node, `ip`, clang, systemd's own
    /// programs, with `--long` debootstrap, Autobahn's fuzzing client, and what builds plugins in other languages) or the archive that is
    /// given away.
    #[arg(long)]
    all: bool,
    /// Give tests that repeat something the time to repeat it often, and fuzz each target for a minute.
    #[arg(long)]
    long: bool,
}

/// The tests find the components by `SLEWGATE_PLUGINS`, a Python with its libraries by `SLEWGATE_PYTHON`, a Chromium
/// by `SLEWGATE_CHROMIUM`, Autobahn's `wstest` by `SLEWGATE_AUTOBAHN`, and the archive by `SLEWGATE_DIST`.
pub(crate) fn test(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let mut cargo = workspace.cargo();
    let mut left_out = Vec::new();
    // Whoever waits for the tests wants to know of all that fail.
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    if options.all {
        tools::ensure_indi()?;
        tools::ensure_c()?;
        tools::ensure_systemd()?;
        let is_root = tools::may_make_namespaces()?;
        if options.long && is_root {
            tools::ensure_debootstrap()?;
        }
        let python = tools::ensure_python(workspace)?;
        match autobahn::ensure(workspace, &python)? {
            Some(wstest) => _ = cargo.env("SLEWGATE_AUTOBAHN", wstest),
            None => left_out.push(autobahn::AUTOBAHN),
        }
        cargo.env("SLEWGATE_PYTHON", python);
        cargo.env("SLEWGATE_CHROMIUM", tools::ensure_browser(workspace)?);
        cargo.env("SLEWGATE_DIST", dist::make(workspace)?);
        cargo.args(["--features", "slewgate-tests/tools,slewgate-authors/tools"]);
        if !is_root {
            left_out.push(tools::NAMESPACES);
        }
    }
    if options.long {
        cargo.env("SLEWGATE_LONG", "1");
    }
    cargo.env("SLEWGATE_PLUGINS", plugins::build(workspace)?);
    if !left_out.is_empty() {
        cargo.arg("--");
    }
    for name in left_out {
        cargo.args(["--skip", name]);
    }
    step(&mut cargo)?;
    if options.long {
        fuzz::fuzz(workspace, &fuzz::Options::of_a_long_test())?;
    }
    Ok(ExitCode::SUCCESS)
}
