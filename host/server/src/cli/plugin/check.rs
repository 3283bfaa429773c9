//! `slewgate plugin check`: what an author must know of a component before an observatory does.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use slewgate_authors::Project;
use slewgate_engine::PluginKind;

use super::super::{Common, Failure, say};
use crate::check::{self, CheckOptions, LineSpec};

#[derive(Args)]
#[command(after_help = "\
Of a project it takes build/NAME.wasm, and the lines and settings in slewgate-plugin.toml. Such as:
  slewgate plugin check heater
  slewgate plugin check lx200.wasm --line port=simulator:lx200
  slewgate plugin check lx200.wasm --line port=simulator:lx200/onstep --settings '{\"dialect\": \"onstep\"}'
  slewgate plugin check heater.wasm --line port=script:heater.txt
  slewgate plugin check visitor.wasm
A script has an exchange on each line, and may be a transcript of a line, too:
  P40\\n -> OK\\n
  :Q# ->
Exit code 1: something failed; the report says what to change.")]
pub(super) struct Check {
    /// The component, or the folder of the project that it was built in
    #[arg(value_name = "FILE.wasm|DIR", default_value = ".")]
    place: PathBuf,
    /// What sort of plugin it is [default: what it exports]
    #[arg(long)]
    kind: Option<Kind>,
    /// What `configure` gets: an object in JSON [default: {}, or those of the project]
    #[arg(long, value_name = "JSON", value_parser = object)]
    settings: Option<Settings>,
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
        let as_json = self.report == Form::Json;
        let report = check::check(&self.options()?)?;
        let common = Common {
            json: common.json || as_json,
            ..common.clone()
        };
        say(&common, &report.to_string(), &report)?;
        match report.passed {
            true => Ok(()),
            false => Err(Failure::Told(1)),
        }
    }
}

impl Check {
    /// What is told goes before what a project says.
    fn options(self) -> anyhow::Result<CheckOptions> {
        let mut options = match self.place.is_dir() {
            true => of_project(&Project::open(&self.place)?)?,
            false => of_component(self.place),
        };
        options.trouble = !self.quick;
        options.kind = self.kind.map(Kind::of_a_plugin);
        if let Some(settings) = self.settings {
            options.settings = settings.0;
        }
        if !self.lines.is_empty() {
            options.lines = self.lines;
        }
        Ok(options)
    }
}

fn of_component(file: PathBuf) -> CheckOptions {
    CheckOptions {
        file,
        kind: None,
        settings: Map::new(),
        lines: Vec::new(),
        trouble: true,
    }
}

/// The component of a project, with the lines and the settings that it names.
pub(super) fn of_project(project: &Project) -> anyhow::Result<CheckOptions> {
    let component = project.component();
    if !component.is_file() {
        bail!(
            "{} is not there: `slewgate plugin build {}` makes it",
            component.display(),
            project.directory.display()
        );
    }
    let arguments = project.line_arguments();
    let lines = arguments.iter().map(|line| line.parse());
    let lines: Result<Vec<LineSpec>, String> = lines.collect();
    Ok(CheckOptions {
        settings: project.settings.clone(),
        lines: lines.map_err(|error| anyhow!("slewgate-plugin.toml: {error}"))?,
        ..of_component(component)
    })
}

impl Kind {
    fn of_a_plugin(self) -> PluginKind {
        match self {
            Kind::Handler => PluginKind::Handler,
            Kind::Policy => PluginKind::Policy,
        }
    }
}
