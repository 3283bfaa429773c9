//! `slewgate plugin check`: what an author must know of a component before an observatory does.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use slewgate_engine::PluginKind;

use super::super::{Common, Failure, say};
use crate::check::{self, CheckOptions, LineSpec};

#[derive(Args)]
#[command(after_help = "\
Such as:
  slewgate plugin check lx200.wasm --line port=simulator:lx200
  slewgate plugin check lx200.wasm --line port=simulator:lx200/onstep --settings '{\"dialect\": \"onstep\"}'
  slewgate plugin check heater.wasm --line port=script:heater.txt
  slewgate plugin check visitor.wasm
A script has an exchange on each line, and may be a transcript of a line, too:
  P40\\n -> OK\\n
  :Q# ->
Exit code 1: something failed; the report says what to change.")]
pub(super) struct Check {
    /// The component
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// What sort of plugin it is [default: what it exports]
    #[arg(long)]
    kind: Option<Kind>,
    /// What `configure` gets: an object in JSON
    #[arg(long, value_name = "JSON", value_parser = object, default_value = "{}")]
    settings: Settings,
    /// Who answers on a line of the handler: ROLE=simulator:lx200, ROLE=script:FILE; may be given several times
    #[arg(long = "line", value_name = "ROLE=DEVICE")]
    lines: Vec<LineSpec>,
    /// Leave out lines that are slow, silent, garbled, cut and disconnected, which take a minute
    #[arg(long)]
    quick: bool,
    /// How to answer: in words, or in JSON as with --json
    #[arg(long, value_name = "FORM", default_value = "words")]
    report: Form,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Handler,
    Policy,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Form {
    Words,
    Json,
}

/// A value of its own: `clap` takes a map for several values.
#[derive(Clone)]
struct Settings(Map<String, Value>);

fn object(text: &str) -> Result<Settings, String> {
    let settings = serde_json::from_str(text);
    settings.map(Settings).map_err(|error| {
        format!("no object in JSON such as '{{\"dialect\": \"onstep\"}}': {error}")
    })
}

impl Check {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let report = check::check(&CheckOptions {
            file: self.file,
            kind: self.kind.map(Kind::of_a_plugin),
            settings: self.settings.0,
            lines: self.lines,
            trouble: !self.quick,
        })?;
        let common = Common {
            json: common.json || self.report == Form::Json,
            ..common.clone()
        };
        say(&common, &report.to_string(), &report)?;
        match report.passed {
            true => Ok(()),
            false => Err(Failure::Told(1)),
        }
    }
}

impl Kind {
    fn of_a_plugin(self) -> PluginKind {
        match self {
            Kind::Handler => PluginKind::Handler,
            Kind::Policy => PluginKind::Policy,
        }
    }
}
