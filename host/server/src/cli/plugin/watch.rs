//! `slewgate plugin watch`: a component from a project at every save, into the data directory of a host.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use slewgate_authors::{Built, Project, Round, is_data_directory, round, watch};

use super::super::{Common, Failure, complain, say};
use super::build;
use super::check::of_project;
use super::fate::{self, Fate};
use crate::check::{self, CheckOptions};
use crate::config;

#[derive(Args)]
#[command(after_help = "\
It goes on until Ctrl-C, whatever fails. Without a data directory, it builds and checks:
  slewgate plugin watch heater --data telescope")]
pub(super) struct Watch {
    /// The project's folder, as `plugin new` made it
    #[arg(default_value = ".")]
    directory: PathBuf,
}

impl Watch {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let project = Project::open(&self.directory).map_err(anyhow::Error::from)?;
        let data = (common.data_is_told || is_data_directory(&common.data))
            .then_some(common.data.as_path());
        let watched = watch(&project, || turn(&project, data, common));
        watched.map_err(anyhow::Error::from)?;
        Ok(())
    }
}

/// One round, and what became of it. Where nobody hears it, there is no other. What the project says of itself may have been saved too.
fn turn(project: &Project, data: Option<&Path>, common: &Common) -> ControlFlow<()> {
    let project = Project::open(&project.directory);
    match project.and_then(|project| round(&project, data, &mut passes)) {
        Ok(round) => {
            let fates = data.map_or_else(Vec::new, |data| fates(&round, data));
            let told = say(common, &in_words(&round, &fates), &in_json(&round, &fates));
            match told {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        }
        Err(error) => {
            complain(&format_args!("{:#}", anyhow::Error::from(error)));
            ControlFlow::Continue(())
        }
    }
}

/// What became of it at the host, by each name that it has there.
fn fates(round: &Round, data: &Path) -> Vec<(String, Fate)> {
    let name = || round.built.project.name.to_string();
    let asked = fate::ask(&round.built, data, &config::of_process());
    asked.unwrap_or_else(|error| vec![(name(), Fate::unknown(&error))])
}

/// A component has to pass what `plugin check --quick` asks of it, on the lines that its project names, before it is installed.
fn passes(built: &Built) -> Result<String, String> {
    let checked = of_project(&built.project).and_then(|options| {
        check::check(&CheckOptions {
            trouble: false,
            ..options
        })
    });
    let report = checked.map_err(|error| format!("{error:#}"))?;
    match report.passed {
        true => Ok(report.to_string()),
        false => Err(report.to_string()),
    }
}

fn in_words(round: &Round, fates: &[(String, Fate)]) -> String {
    let built = build::in_words(&round.built);
    let installed = match &round.installed {
        Some(file) => format!("installed as {}", file.display()),
        None => "not installed: --data names the data directory of a host".to_owned(),
    };
    let fates = fates.iter().map(|(name, fate)| format!("{name}: {fate}"));
    let lines = [built, round.report.clone(), installed];
    let lines = lines.into_iter().chain(fates);
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

fn in_json(round: &Round, fates: &[(String, Fate)]) -> Value {
    let mut json = build::in_json(&round.built);
    json["report"] = round.report.as_str().into();
    json["installed"] = match &round.installed {
        Some(file) => file.display().to_string().into(),
        None => Value::Null,
    };
    let fates = fates.iter().map(|(name, fate)| (name.clone(), json!(fate)));
    json["host"] = Value::Object(fates.collect());
    json
}
