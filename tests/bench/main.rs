//! What the host costs, beside what it stands on: `cargo xtask bench`.
//!
//! `path` measures the way from socket to plugin and back against bare echoes (`echo`), which run as child processes as the
//! program does (`process`), by the same client (`client`). `component` measures calls of plugins through the engine, `stop` the way of
//! a stop to the wire, `gap` what a line loses between two exchanges, `isolation` what becomes of a plugin that loops, and of others meanwhile,
//! and `reload` how soon a new version of a plugin serves.
//! Figures that are compared come from one run and interleaved blocks (`blocks`); `report` prints and keeps them.

mod blocks;
mod client;
mod component;
mod echo;
mod gap;
mod isolation;
mod machine;
mod path;
mod process;
mod reload;
mod report;
mod stop;

use std::process::ExitCode;

use anyhow::bail;

/// Blocks that are measured, and that are run before and not measured.
#[derive(Clone, Copy)]
struct Extent {
    blocks: usize,
    warm_up: usize,
}

const FULL: Extent = Extent {
    blocks: 20,
    warm_up: 2,
};

/// Enough to see that the bench works; too little for a verdict.
const SHORT: Extent = Extent {
    blocks: 3,
    warm_up: 1,
};

const BENCHES: [&str; 6] = ["path", "component", "stop", "gap", "isolation", "reload"];

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, kind] = &arguments[..]
        && serve == echo::SERVE
    {
        return echo::serve(kind).map(|()| ExitCode::SUCCESS);
    }
    let (flags, names): (Vec<_>, Vec<_>) = arguments
        .into_iter()
        .partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = flags.iter().find(|flag| *flag != "--short") {
        bail!("unknown: {unknown}; there is --short");
    }
    if let Some(unknown) = names.iter().find(|name| !BENCHES.contains(&name.as_str())) {
        bail!("no bench {unknown}; there are {}", BENCHES.join(", "));
    }
    let extent = if flags.is_empty() { FULL } else { SHORT };
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let mut report = report::Report::begin();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // A client that stays awake looks for answers each time.
        .event_interval(1)
        .build()?;
    if wanted("path") {
        report.path(&runtime.block_on(path::measure(extent))?, flags.is_empty());
    }
    if wanted("component") {
        report.component(&runtime.block_on(component::measure(extent))?);
    }
    if wanted("stop") {
        report.stop(&runtime.block_on(stop::measure(extent))?, flags.is_empty());
    }
    if wanted("gap") {
        report.gap(&runtime.block_on(gap::measure(extent))?, flags.is_empty());
    }
    if wanted("isolation") {
        let figures = runtime.block_on(isolation::measure(extent))?;
        report.isolation(&figures, flags.is_empty());
    }
    if wanted("reload") {
        report.reload(
            &runtime.block_on(reload::measure(extent))?,
            flags.is_empty(),
        );
    }
    report.keep()?;
    Ok(ExitCode::SUCCESS)
}
