use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::table::table;
use super::{Common, Failure, running, say};
use crate::local::ROLLBACK;

/// Digits of a digest that tell files apart by eye.
const DIGITS: usize = 12;

#[derive(Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Plugins {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// What runs, in which version, and what is wrong
    List,
    /// Have the version before this one serve again
    #[command(after_help = "\
The version that is taken back is not tried again until its file is written anew, whatever the host does meanwhile:
  slewgate plugin rollback mount
  slewgate plugin rollback observer --kind policy")]
    Rollback(Rollback),
}

#[derive(Args)]
struct Rollback {
    /// The plugin: `mount` for [plugins.mount], a client type for a policy
    name: String,
    /// Which, where a handler and a policy have the name
    #[arg(long, value_parser = ["handler", "policy"])]
    kind: Option<String>,
}

impl Plugins {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        match self.verb {
            Verb::List => {
                let result = running::call(&common.data, "host.plugins", Map::new())?;
                say(common, &in_words(&result), &result)
            }
            Verb::Rollback(rollback) => rollback.run(common),
        }
    }
}

impl Rollback {
    fn run(self, common: &Common) -> Result<(), Failure> {
        let words = format!("{} serves as it did before.", self.name);
        let mut params = Map::from_iter([("name".to_owned(), self.name.into())]);
        params.extend(self.kind.map(|kind| ("kind".to_owned(), kind.into())));
        let result = running::call(&common.data, ROLLBACK, params)?;
        say(common, &words, &result)
    }
}

/// A table, and below it what is wrong with files that do not serve.
fn in_words(result: &Value) -> String {
    let reports = result.get("plugins").unwrap_or(result).as_array();
    let reports = reports.map(Vec::as_slice).unwrap_or_default();
    let rows = reports.iter().map(|report| {
        let digest = text(report, "digest").chars().take(DIGITS).collect();
        [
            text(report, "name"),
            text(report, "kind"),
            text(report, "state"),
            text(report, "generation"),
            digest,
        ]
    });
    let failures = reports.iter().filter_map(|report| {
        let candidate = report.get("candidate")?;
        let (name, stage, cause) = (
            text(report, "name"),
            text(candidate, "stage"),
            text(candidate, "cause"),
        );
        Some(format!(
            "\n{name}: the newest file failed at {stage}: {cause}"
        ))
    });
    let failures: String = failures.collect();
    table(["NAME", "KIND", "STATE", "GENERATION", "DIGEST"], rows) + &failures
}

/// A field as it is shown.
fn text(report: &Value, field: &str) -> String {
    match report.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}
