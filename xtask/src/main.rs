//! The chores of this repository: `cargo xtask run`, `cargo xtask test`, `cargo xtask plugins`, `cargo xtask abuse`,
//! `cargo xtask bench`, `cargo xtask fuzz`, `cargo xtask dist`.

mod abuse;
mod announce;
mod autobahn;
mod bench;
mod demo;
mod dist;
mod files;
mod fuzz;
mod languages;
mod plugins;
mod run;
mod test;
mod toolchain;
mod tools;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod windows;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(unix)]
use unix as platform;
#[cfg(not(unix))]
use windows as platform;
use workspace::Workspace;

/// Chores of the Slewgate repository.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and start a host with a simulated telescope on this computer's own address.
    Run,
    /// Build the plugins and run the tests.
    Test(test::Options),
    /// Build the plugins into target/plugins.
    Plugins,
    /// Do to a host what nobody should, case by case, and print what others noticed.
    Abuse(abuse::Options),
    /// Measure what the host costs, beside bare echoes; all figures go to target/bench.
    Bench(bench::Options),
    /// Give made-up bytes to what reads the bytes of others.
    Fuzz(fuzz::Options),
    /// Pack a folder and an archive with all that a machine needs to run the host, into target/dist.
    Dist,
    /// What `run` starts beside the host: waits for it and prints how to connect.
    #[command(hide = true)]
    Announce { host: u32 },
}

fn main() -> anyhow::Result<ExitCode> {
    let command = Arguments::parse().command;
    let workspace = Workspace::read()?;
    match command {
        Command::Run => run::run(&workspace),
        Command::Test(options) => test::test(&workspace, &options),
        Command::Plugins => plugins::build(&workspace).map(|_| ExitCode::SUCCESS),
        Command::Abuse(options) => abuse::abuse(&workspace, &options),
        Command::Bench(options) => bench::bench(&workspace, &options),
        Command::Fuzz(options) => fuzz::fuzz(&workspace, &options),
        Command::Dist => dist::dist(&workspace),
        Command::Announce { host } => {
            announce::announce(&workspace, host).map(|()| ExitCode::SUCCESS)
        }
    }
}
