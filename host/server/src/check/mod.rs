//! `slewgate plugin check`: a component goes through all that an author must know before an observatory does.
//!
//! In reading order: [`report`] is what comes of it; a `rig` is the host as it is, made on the `bench`, on `device`s that are simulated or play a
//! `script`; `load` whether the component serves there, and what it used of its limits, `remedies` what to do where it does not. Of handlers: `attach`, `examples` (each
//! command on a line that works) and `trouble` (the same on lines that do not), where `likeness` tells right results from
//! others. Of policies: `decisions` on `actions`.

mod actions;
mod attach;
mod bench;
mod decisions;
mod device;
mod examples;
mod heard;
mod likeness;
mod load;
mod remedies;
mod report;
mod rig;
mod script;
mod trouble;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use slewgate_authors::Project;
use slewgate_engine::{PluginKind, inspect};
use tokio::runtime::Builder;

use bench::Bench;
pub(crate) use device::LineSpec;
pub(crate) use load::brief;
pub(crate) use report::Report;
use report::{Finding, Outcome};

/// Threads that serve the rigs, which wait for most of their time.
const THREADS: usize = 2;

/// What to check, and how.
#[derive(Clone, Debug)]
pub(crate) struct CheckOptions {
    /// The component.
    pub(crate) file: PathBuf,
    /// What sort of plugin it is; none: what it exports says so.
    pub(crate) kind: Option<PluginKind>,
    /// Handed to its `configure`.
    pub(crate) settings: Map<String, Value>,
    /// Who answers on the lines of a handler.
    pub(crate) lines: Vec<LineSpec>,
    /// Whether a handler is tried on lines that are slow, silent, garbled, cut and disconnected too, which takes most of the time.
    pub(crate) trouble: bool,
}

/// Checks a component. What is wrong with it is in the report.
///
/// # Errors
/// The file cannot be read, or the machine lacks what a host needs.
pub(crate) fn check(options: &CheckOptions) -> Result<Report> {
    let file = options.file.display();
    let bytes = fs::read(&options.file).with_context(|| format!("cannot read {file}"))?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()?;
    let checked = runtime.block_on(Box::pin(examine(options, bytes)));
    runtime.shutdown_background();
    checked
}

async fn examine(options: &CheckOptions, bytes: Vec<u8>) -> Result<Report> {
    let inspection = inspect(&bytes);
    let mut report = Report {
        file: options.file.clone(),
        passed: true,
        kind: options.kind.or(inspection.kind),
        contract: inspection.contract.map(|version| version.to_string()),
        findings: Vec::new(),
        decisions: Vec::new(),
    };
    // What is neither is held against the larger world: it fails there, with the cause.
    let kind = report.kind.unwrap_or(PluginKind::Handler);
    let size = bytes.len();
    let bench = Bench::new(kind, bytes, options.settings.clone(), options.lines.clone())?;
    let rig = bench.set_up(None).await?;
    if let Some(failure) = rig.failure() {
        let project = Project::around(&options.file);
        let failed = load::failed(&failure, project.as_deref());
        report.extend([failed.having_printed(rig.printed.take())]);
        return Ok(report);
    }
    report.extend([load::served(kind, size)]);
    match kind {
        PluginKind::Handler => handler(options, &bench, rig, &mut report).await?,
        PluginKind::Policy => decisions::check(&rig, &mut report).await?,
    }
    Ok(report)
}

/// Each part builds on the one before: what cannot be attached answers no example, and what answers none is not asked in trouble.
async fn handler(
    options: &CheckOptions,
    bench: &Bench,
    rig: rig::Rig,
    report: &mut Report,
) -> Result<()> {
    report.extend(load::description(&rig).await?);
    let (attached, found) = attach::on_a_line_that_works(bench, &rig).await?;
    report.extend(found);
    drop(rig);
    let Some(attached) = attached else {
        return Ok(());
    };
    let tried = examples::check(bench).await?;
    report.extend(tried.findings);
    if !options.trouble || !bench.has_lines() {
        return Ok(());
    }
    let mut found = attach::in_trouble(bench, &attached).await?;
    found.extend(trouble::check(bench, &tried.answered).await?);
    found.sort_by_key(|found| {
        trouble::TROUBLES
            .iter()
            .position(|it| it.name == found.part)
    });
    report.extend(found);
    Ok(())
}
