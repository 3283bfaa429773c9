//! `slewgate plugin new`: a project to begin with.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use slewgate_authors::{Kind, Language, Name, create};

use super::super::{Common, Failure, say};

#[derive(Args)]
pub(super) struct New {
    /// Lower-case letters, digits and `-`; of a policy: the type of client that it judges
    name: Name,
    /// rust, python, javascript, typescript or c
    #[arg(long)]
    language: Language,
    /// handler (adds commands) or policy (decides who may do what)
    #[arg(long)]
    kind: Kind,
    /// The folder to make [default: one called NAME, here]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl New {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let folder = self.directory;
        let folder = folder.unwrap_or_else(|| PathBuf::from(self.name.as_str()));
        let project =
            create(self.name, self.language, self.kind, &folder).map_err(anyhow::Error::from)?;
        let shown = folder.display();
        let words = format!(
            "A {} in {} is in {shown}. {shown}/README.md tells what is where. Next:\n  slewgate plugin build {shown}",
            project.kind, project.language
        );
        let json = json!({
            "name": project.name.as_str(),
            "language": project.language,
            "kind": project.kind,
            "directory": project.directory,
        });
        say(common, &words, &json)
    }
}
