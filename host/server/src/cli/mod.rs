//! The command line, one file for each verb. A verb says what it did on standard output, in words or with `--json`
//! as one line of JSON; what goes wrong is one line on standard error.
//!
//! Exit codes: 0, 1 failed, 2 wrong usage, 64 wrong configuration.

mod backup;
mod call;
mod compile;
mod doctor;
mod log;
mod menu;
mod penalties;
mod platform;
mod plugin;
mod running;
mod serve;
mod setup;
mod simulate;
mod stop;
mod table;
mod tls;
mod token;
mod way;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;

use anyhow::Context;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use serde::Serialize;
use thiserror::Error;

use crate::config::ConfigError;

/// Moves a telescope for clients that may, and for nobody else.
#[derive(Parser)]
#[command(name = "slewgate", version = VERSION.as_str(), after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    common: Common,
}

/// The program's, and that of the contract that plugins are built for.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let contract = slewgate_engine::CONTRACT;
    format!("{} (contract {contract})", env!("CARGO_PKG_VERSION"))
});

const EXAMPLES: &str = "\
To begin, with a telescope or without one:
  slewgate setup telescope
  slewgate serve --data telescope
and from another terminal, with the token that the first command printed:
  SLEWGATE_TOKEN=slg_… slewgate call mount.status

`slewgate VERB --help` tells more about each.";

/// What every verb takes.
#[derive(Args, Clone)]
struct Common {
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    /// The data directory: components, tokens, logs, host.sock
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "SLEWGATE_DATA",
        hide_env_values = true,
        default_value = "."
    )]
    data: PathBuf,
    /// Whether --data is on the command line, which goes before the environment.
    #[arg(skip)]
    data_is_told: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the host until Ctrl-C
    Serve(serve::Serve),
    /// Fill a data directory with what `serve` needs: configuration, components, first tokens
    Setup(setup::Setup),
    /// Call a method of a host, as a client, and print its result
    Call(call::Call),
    /// Stop everything that moves, at once, with or without a host
    Stop(stop::Stop),
    /// Look for what would keep a host from its work, and say what to do
    Doctor(doctor::Doctor),
    /// Make, list and revoke the tokens that clients show; a menu without a verb
    Token(token::Tokens),
    /// Make, check and look at plugins, and say which components may run
    Plugin(plugin::Plugins),
    /// Follow the security log, and say whether it is as the host wrote it
    Log(log::Log),
    /// Show who waits outside for what was done wrong, and let them in again
    Penalties(penalties::Penalties),
    /// Put all that a host needs to come back into one file, while it runs
    Backup(backup::Backup),
    /// Make a certificate for the ports
    Tls(tls::Tls),
    /// Run a mount on a pseudo-terminal, for any program that speaks its protocol
    Simulate(simulate::Simulate),
    #[command(hide = true)]
    Compile(compile::Compile),
}

/// Why a verb did not do what it was asked.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    #[error("{0}")]
    Usage(String),
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
    /// The verb has said so itself.
    #[error("ended with {0}")]
    Told(u8),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Configuration(_) => 64,
            Self::Told(code) => *code,
        }
    }
}

impl CommandLine {
    fn of(matches: &ArgMatches) -> Result<CommandLine, clap::Error> {
        let mut line = CommandLine::from_arg_matches(matches)?;
        // It may stand before the verb or behind it.
        let places = [Some(matches), matches.subcommand().map(|(_, verb)| verb)];
        line.common.data_is_told = places
            .iter()
            .flatten()
            .any(|place| place.value_source("data") == Some(ValueSource::CommandLine));
        Ok(line)
    }
}

/// Does what the command line asks.
pub fn run() -> ExitCode {
    let line = match CommandLine::command()
        .try_get_matches()
        .and_then(|matches| CommandLine::of(&matches))
    {
        Ok(line) => line,
        Err(help_or_error) => {
            // Nobody reads it where it cannot be printed.
            let _ = help_or_error.print();
            return ExitCode::from(u8::try_from(help_or_error.exit_code()).unwrap_or(2));
        }
    };
    let Some(verb) = line.verb else {
        let _ = write!(io::stderr(), "{}", CommandLine::command().render_help());
        return ExitCode::from(2);
    };
    match dispatch(verb, &line.common) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::Told(_)) {
                complain(&failure);
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(verb: Verb, common: &Common) -> Result<(), Failure> {
    match verb {
        Verb::Serve(serve) => serve.run(common),
        Verb::Setup(setup) => setup.run(common),
        Verb::Call(call) => call.run(common),
        Verb::Stop(stop) => stop.run(common),
        Verb::Token(tokens) => tokens.run(common),
        Verb::Plugin(plugins) => plugins.run(common),
        Verb::Doctor(doctor) => doctor.run(common),
        Verb::Log(log) => log.run(common),
        Verb::Penalties(penalties) => penalties.run(common),
        Verb::Backup(backup) => backup.run(common),
        Verb::Tls(tls) => tls.run(common),
        Verb::Simulate(simulate) => simulate.run(common),
        Verb::Compile(compile) => compile.run(),
    }
}

/// Prints what a verb did: in words, or as one line of JSON.
fn say(common: &Common, words: &str, json: &impl Serialize) -> Result<(), Failure> {
    let text = if common.json {
        serde_json::to_string(json).map_err(anyhow::Error::from)?
    } else {
        words.to_owned()
    };
    let mut output = io::stdout().lock();
    let printed = writeln!(output, "{text}").and_then(|()| output.flush());
    match printed {
        // Who reads has read enough, such as `head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed.context("cannot print the answer")?),
    }
}

/// Says what is wrong; nobody hears it where that cannot be printed.
fn complain(what: &impl Display) {
    let _ = writeln!(io::stderr(), "slewgate: {what}");
}
