//! `cargo xtask abuse`: the list of abuses against the real program, as one table.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::plugins;
use crate::workspace::{Workspace, step};

/// What stands in the table's last lines.
const ELSEWHERE: &str = "\
26, Autobahn's fuzzing client, is tests/tests/autobahn.rs (cargo xtask test --all); 38, a million addresses, is the limiter's own test:
neither has a victim. The p99 of the victim, in milliseconds: while the same attack floods a listener that discards, and then the host.
What is more than 5 times as slow, and slower than 5 ms, is marked. Memory in KiB, descriptors: before, and after.";

#[derive(Args)]
pub(crate) struct Options {
    /// Cases, such as 27; all, where none is named.
    numbers: Vec<u8>,
    /// Short floods and a twentieth of the counts: too few figures for a verdict.
    #[arg(long)]
    short: bool,
}

/// Each case alone, so that none is measured beside another.
pub(crate) fn abuse(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let folder = workspace.target.join("abuse");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let mut cargo = workspace.cargo();
    cargo
        .args(["test", "--workspace", "--no-fail-fast"])
        // The program is built with the tests of its own crate.
        .args(["--test", "abuse", "--test", "security", "--test", "cli"])
        .args(["--", "--test-threads", "1"])
        .env("SLEWGATE_PLUGINS", plugins::build(workspace)?)
        .env("SLEWGATE_ABUSE", &folder);
    match options.numbers.is_empty() {
        true => _ = cargo.arg("abuse_"),
        false => {
            let names = options
                .numbers
                .iter()
                .map(|case| format!("abuse_{case:02}_"));
            cargo.args(names);
        }
    }
    if !options.short {
        cargo.env("SLEWGATE_LONG", "1");
    }
    let played = step(&mut cargo);
    let rows = rows(&folder)?;
    print(&rows);
    played?;
    let is_over = rows.iter().any(|row| row["within"] == false);
    Ok(match is_over && !options.short {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

fn rows(folder: &Path) -> anyhow::Result<Vec<Value>> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .map(|file| Ok(file?.path()))
        .collect::<std::io::Result<_>>()?;
    files.sort();
    let row = |file: &std::path::PathBuf| {
        let text = fs::read_to_string(file)?;
        serde_json::from_str(&text).with_context(|| file.display().to_string())
    };
    files.iter().map(row).collect()
}

fn print(rows: &[Value]) {
    println!(
        "\n{:>2}  {:<5}  {:<58}  {:>7}  {:>8}  {:>6}     {:>15}  {:>9}  evidence",
        "", "", "case", "quiet", "attacked", "ratio", "memory", "open"
    );
    let (left_out, rows): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row["left_out"].is_string());
    for row in &rows {
        let figure = |value: &Value, digits: usize| {
            let figure = value.as_f64().map(|figure| format!("{figure:.digits$}"));
            figure.unwrap_or_else(|| "-".into())
        };
        let (quiet, attacked) = (&row["quiet_ms"], &row["attacked_ms"]);
        let ratio = quiet.as_f64().zip(attacked.as_f64());
        let ratio = ratio.map_or(Value::Null, |(quiet, attacked)| (attacked / quiet).into());
        let both = |name: &str| format!("{} {}", row[name][0], row[name][1]);
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let mark = if row["within"] == false { "!" } else { " " };
        let evidence: String = text("evidence").chars().take(60).collect();
        println!(
            "{:>2}  {:<5}  {:<58}  {:>7}  {:>8}  {:>6} {mark}   {:>15}  {:>9}  {evidence}",
            row["number"].as_u64().unwrap_or_default(),
            text("transport"),
            text("name"),
            figure(quiet, 2),
            figure(attacked, 2),
            figure(&ratio, 1),
            both("memory_kib"),
            both("descriptors"),
        );
    }
    let over = rows.iter().filter(|row| row["within"] == false).count();
    for case in left_out {
        let why = case["left_out"].as_str().unwrap_or_default();
        println!("LEFT OUT: case {}, {why}", case["number"]);
    }
    println!("\n{} rows, {over} of them marked. {ELSEWHERE}", rows.len());
}
