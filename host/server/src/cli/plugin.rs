use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::{Common, Failure, running, say};

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
}

impl Plugins {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        match self.verb {
            Verb::List => {
                let result = running::call(&common.data, "host.plugins", Map::new())?;
                say(common, &in_words(&result), &result)
            }
        }
    }
}

/// Each plugin as a paragraph: what identifies it, then what is said of it.
fn in_words(result: &Value) -> String {
    serde_json::to_string_pretty(result).unwrap_or_default()
}
