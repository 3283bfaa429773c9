//! `cargo xtask abuse`: the list of abuses against the real program, as one table.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::workspace::{Workspace, spelled, step};
use crate::{autobahn, plugins, tools};

/// What stands in the table's last lines.
const ELSEWHERE: &str = "\
The p99 of the victim, in milliseconds: while the same attack floods a listener that discards, and then the host. What is more than 5 times as slow, and slower than 5 ms, is marked. Memory in KiB, descriptors: before, and after.";

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
        .args(["--test", "abuse", "--test", "cli"])
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
    let own = own_tests(workspace, options)?;
    let rows = rows(&folder)?;
    print(&rows, &own);
    played?;
    let has_failed = own.iter().any(|own| own.outcome == Outcome::Failed);
    let is_over = rows.iter().any(|row| row["within"] == false);
    // What was not played shows nothing.
    let is_left_out = rows.iter().any(is_left_out)
        || own
            .iter()
            .any(|own| matches!(own.outcome, Outcome::LeftOut(_)));
    Ok(
        match has_failed || (is_over || is_left_out) && !options.short {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        },
    )
}

/// A case without a victim: a test that is not one of the table's.
struct Own {
    number: u8,
    name: &'static str,
    outcome: Outcome,
}

#[derive(PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    LeftOut(String),
}

fn own_tests(workspace: &Workspace, options: &Options) -> anyhow::Result<Vec<Own>> {
    let is_wanted = |number| options.numbers.is_empty() || options.numbers.contains(&number);
    let mut own = Vec::new();
    if is_wanted(26) {
        own.push(Own {
            number: 26,
            name: "Autobahn's fuzzing client",
            outcome: autobahn(workspace)?,
        });
    }
    if is_wanted(38) {
        let mut cargo = workspace.cargo();
        cargo.args(["test", "--workspace", "--test", "security", "abuse_38_"]);
        own.push(Own {
            number: 38,
            name: "a million addresses",
            outcome: outcome(&mut cargo)?,
        });
    }
    Ok(own)
}

fn autobahn(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let wstest = tools::ensure_python(workspace)
        .and_then(|python| autobahn::ensure(workspace, &python))
        .map_err(|error| format!("{error:#}"))
        .and_then(|wstest| wstest.ok_or_else(|| "no Python 2.7 found".into()));
    let wstest = match wstest {
        Ok(wstest) => wstest,
        Err(why) => return Ok(Outcome::LeftOut(why)),
    };
    let mut cargo = workspace.cargo();
    cargo
        .args(["test", "--workspace", "--features", "slewgate-tests/tools"])
        .args(["--test", "autobahn", "abuse_26_"])
        .env("SLEWGATE_AUTOBAHN", wstest);
    outcome(&mut cargo)
}

fn outcome(cargo: &mut Command) -> anyhow::Result<Outcome> {
    let status = cargo.status();
    let status = status.with_context(|| format!("cannot run {}", spelled(cargo)))?;
    Ok(match status.success() {
        true => Outcome::Passed,
        false => Outcome::Failed,
    })
}

fn is_left_out(row: &Value) -> bool {
    row["left_out"].is_string()
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

fn print(rows: &[Value], own: &[Own]) {
    println!(
        "\n{:>2}  {:<5}  {:<58}  {:>7}  {:>8}  {:>6}     {:>15}  {:>9}  evidence",
        "", "", "case", "quiet", "attacked", "ratio", "memory", "open"
    );
    let (left_out, rows): (Vec<_>, Vec<_>) = rows.iter().partition(|row| is_left_out(row));
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
    for Own {
        number,
        name,
        outcome,
    } in own
    {
        let outcome = match outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::LeftOut(why) => {
                println!("LEFT OUT: case {number}, {name}: {why}");
                continue;
            }
        };
        println!(
            "{number:>2}  {:<5}  {name:<58}  its own test: {outcome}",
            ""
        );
    }
    let over = rows.iter().filter(|row| row["within"] == false).count();
    for case in left_out {
        let why = case["left_out"].as_str().unwrap_or_default();
        println!("LEFT OUT: case {}, {why}", case["number"]);
    }
    println!("\n{} rows, {over} of them marked. {ELSEWHERE}", rows.len());
}
