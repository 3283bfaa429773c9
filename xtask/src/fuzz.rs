//! `cargo xtask fuzz`: bytes that a fuzzer makes up, for what reads the bytes of others.
//!
//! libFuzzer needs counters in the code and no more; rustc puts them there on stable, where the sanitizers of a nightly one are missing.
//! There is no `unsafe` in this repository that they could watch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use clap::Args;

use crate::toolchain;
use crate::workspace::{Workspace, step};

/// Where the fuzzers are.
const FOLDER: &str = "tests/fuzz";

/// Those that need the host, and so wasmtime, which takes minutes to build; see `Cargo.toml` there.
const OF_THE_HOST: [&str; 3] = ["component", "configuration", "first_message"];

/// What `cargo fuzz --sanitizer none` gives to rustc.
const COUNTERS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What a fuzzer must not go beyond: bytes of an input, MiB of memory, seconds for one input.
const BOUNDS: [&str; 3] = ["-max_len=8192", "-rss_limit_mb=2048", "-timeout=10"];

#[derive(Args)]
pub(crate) struct Options {
    /// Folders of tests/fuzz/corpus; all, where none is named. component, configuration and first_message need the host: the first time they
    /// take some ten minutes to build.
    targets: Vec<String>,
    /// For each of them.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

impl Options {
    /// Each target for a minute.
    pub(crate) fn of_a_long_test() -> Self {
        Self {
            targets: Vec::new(),
            seconds: 60,
        }
    }
}

/// Builds the fuzzers and has one after the other run. What one finds is in `target/fuzz/artifacts`; a copy in the target's corpus is
/// a test.
pub(crate) fn fuzz(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let known = targets(workspace)?;
    if let Some(unknown) = options.targets.iter().find(|name| !known.contains(name)) {
        bail!(
            "there is no target {unknown}; there are {}",
            known.join(", ")
        );
    }
    let chosen = match options.targets.is_empty() {
        true => known,
        false => options.targets.clone(),
    };
    let programs = build(workspace, &chosen)?;
    for target in &chosen {
        run(workspace, &programs, target, options.seconds)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// All of them, by their corpora.
fn targets(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let corpora = workspace.root.join(FOLDER).join("corpus");
    let entries = fs::read_dir(&corpora)
        .with_context(|| format!("cannot read {}", corpora.display()))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<_> = entries
        .iter()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Answers where the programs are.
fn build(workspace: &Workspace, targets: &[String]) -> anyhow::Result<PathBuf> {
    let platform = toolchain::host_platform(workspace)?;
    let folder = workspace.target.join("fuzz");
    let mut cargo = workspace.cargo();
    cargo
        .args(["build", "--release", "--manifest-path"])
        .arg(workspace.root.join(FOLDER).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&folder)
        // With a platform named, build scripts and macros are built without the counters.
        .args(["--target", &platform])
        .args(targets.iter().flat_map(|target| ["--bin", target]))
        .env("CARGO_ENCODED_RUSTFLAGS", COUNTERS.join("\u{1f}"));
    if targets.iter().any(|it| OF_THE_HOST.contains(&it.as_str())) {
        cargo.args(["--features", "host"]);
    }
    step(&mut cargo)?;
    Ok(folder.join(platform).join("release"))
}

fn run(workspace: &Workspace, programs: &Path, target: &str, seconds: u32) -> anyhow::Result<()> {
    let folder = workspace.target.join("fuzz");
    let made = |kind: &str| {
        let made = folder.join(kind).join(target);
        fs::create_dir_all(&made).map(|()| made)
    };
    // The fuzzer writes what it comes upon into the first corpus, and only reads the second.
    let (found, grown) = (made("artifacts")?, made("corpus")?);
    let seeds = workspace.root.join(FOLDER).join("corpus").join(target);
    println!("{target}: {seconds} s");
    let mut fuzzer = Command::new(programs.join(target));
    fuzzer
        .current_dir(&folder)
        .args(BOUNDS)
        .arg("-print_final_stats=1")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .args([&grown, &seeds]);
    step(&mut fuzzer).with_context(|| {
        format!(
            "what {target} found is in {}; a copy in {FOLDER}/corpus/{target} is replayed by the tests",
            workspace.shown(&found).display()
        )
    })
}
