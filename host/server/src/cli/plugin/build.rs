//! `slewgate plugin build`: a component from a project.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use slewgate_authors::{Built, Project, build};

use super::super::{Common, Failure, say};

#[derive(Args)]
pub(super) struct Build {
    /// The project's folder, as `plugin new` made it
    #[arg(default_value = ".")]
    directory: PathBuf,
}

impl Build {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let built = Project::open(&self.directory).and_then(|project| build(&project));
        let built = built.map_err(anyhow::Error::from)?;
        say(common, &in_words(&built), &in_json(&built))
    }
}

/// Where it is, how large, and how long that took.
pub(super) fn in_words(built: &Built) -> String {
    let (kilobytes, seconds) = (built.size.div_ceil(1000), built.took.as_secs_f64());
    format!(
        "{}: {kilobytes} KB in {seconds:.1} s",
        built.component.display()
    )
}

pub(super) fn in_json(built: &Built) -> Value {
    json!({
        "component": built.component,
        "size": built.size,
        "took_ms": u64::try_from(built.took.as_millis()).unwrap_or(u64::MAX),
    })
}
