//! The same policy in each language, for the bench: made, and built, by the program itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::{Workspace, step};

/// A language, and what installs its tools into a project.
const LANGUAGES: [(&str, &[&str]); 4] = [
    ("c", &[]),
    ("javascript", &["npm install --no-audit --no-fund"]),
    (
        "python",
        &[
            "python3 -m venv .venv",
            ".venv/bin/pip install --quiet -r requirements.txt",
        ],
    ),
    ("rust", &[]),
];

/// Builds them, and answers the directory that they are in. Where a tool is missing there is no policy in that language, and it is
/// said why.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let home = workspace.target.join("languages");
    let built = home.join("built");
    fs::create_dir_all(&built)?;
    for (language, tools) in LANGUAGES {
        let component = built.join(language).with_added_extension("wasm");
        if component.exists() {
            continue;
        }
        if let Err(error) = one(workspace, &home.join(language), language, tools) {
            println!("no policy in {language} is measured: {error:#}");
            continue;
        }
        fs::copy(home.join(language).join("build/visitor.wasm"), component)?;
    }
    Ok(built)
}

fn one(
    workspace: &Workspace,
    project: &Path,
    language: &str,
    tools: &[&str],
) -> anyhow::Result<()> {
    if project.exists() {
        fs::remove_dir_all(project)?;
    }
    let slewgate = workspace.slewgate();
    let mut new = Command::new(&slewgate);
    new.args([
        "plugin",
        "new",
        "visitor",
        "--kind",
        "policy",
        "--language",
        language,
    ]);
    step(new.arg("--directory").arg(project))?;
    for tool in tools {
        let mut words = tool.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        step(command.args(words).current_dir(project))?;
    }
    let mut build = Command::new(&slewgate);
    step(build.args(["plugin", "build"]).arg(project))
}
