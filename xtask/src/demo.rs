//! The data directory of `cargo xtask run`: `target/demo`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::files;
use crate::workspace::{Workspace, spelled};

/// Client types that get a token, each kept in `NAME.token`.
pub(crate) const TOKENS: [&str; 2] = ["telescope", "observer"];

/// Keys of `[site]` that have no default and that the demonstration takes as the annotated configuration shows them.
const SITE: [&str; 2] = ["latitude", "longitude"];

/// Where the demonstration keeps its things.
pub(crate) struct Demo {
    /// The host's data directory.
    pub(crate) data: PathBuf,
    /// The host writes its addresses there once it listens.
    pub(crate) ready: PathBuf,
    /// The program.
    pub(crate) slewgate: PathBuf,
}

impl Demo {
    pub(crate) fn new(workspace: &Workspace) -> Self {
        let data = workspace.target.join("demo");
        Self {
            ready: data.join("ready.json"),
            slewgate: workspace.slewgate(),
            data,
        }
    }

    /// Copies the repository's configuration, unless the user has one there already.
    pub(crate) fn write_configuration(&self, root: &Path) -> anyhow::Result<()> {
        let to = self.data.join("slewgate.toml");
        if to.exists() {
            return Ok(());
        }
        let from = root.join("config/slewgate.toml");
        let text =
            fs::read_to_string(&from).with_context(|| format!("cannot read {}", from.display()))?;
        files::write_if_changed(&to, with_site(&text).as_bytes())
    }

    /// Where the token of a client type is kept.
    pub(crate) fn token_file(&self, client_type: &str) -> PathBuf {
        self.data.join(client_type).with_added_extension("token")
    }

    /// Generates a token, unless the one of the last run is still listed.
    pub(crate) fn ensure_token(&self, client_type: &str) -> anyhow::Result<()> {
        let file = self.token_file(client_type);
        if let Ok(token) = fs::read_to_string(&file)
            && self.is_listed(token.trim_end())?
        {
            return Ok(());
        }
        let name = format!("Demo {client_type}");
        let generated = self.ask(&[
            "token",
            "generate",
            "--name",
            &name,
            "--client-type",
            client_type,
        ])?;
        let token = generated["token"]
            .as_str()
            .context("slewgate token generate gave no token")?;
        files::write_private(&file, token)
    }

    /// By its id, the part between the underscores: the list shows no tokens.
    fn is_listed(&self, token: &str) -> anyhow::Result<bool> {
        let Some(id) = token.split('_').nth(1) else {
            return Ok(false);
        };
        let list = self.ask(&["token", "list"])?;
        Ok(list
            .as_array()
            .is_some_and(|tokens| tokens.iter().any(|token| token["id"] == id)))
    }

    /// The host on the loopback address alone: the tokens are for this computer.
    pub(crate) fn host(&self) -> Command {
        let mut command = Command::new(&self.slewgate);
        command
            .arg("serve")
            .arg("--data")
            .arg(&self.data)
            .arg("--ready-file")
            .arg(&self.ready);
        command.env("WS_IP", "127.0.0.1");
        command
    }

    /// What a verb of the program answers as JSON.
    fn ask(&self, words: &[&str]) -> anyhow::Result<Value> {
        let mut command = Command::new(&self.slewgate);
        command
            .args(words)
            .arg("--json")
            .arg("--data")
            .arg(&self.data)
            .stderr(Stdio::inherit());
        let output = command
            .output()
            .with_context(|| format!("cannot run {}", spelled(&command)))?;
        if !output.status.success() {
            bail!("{} failed: {}", spelled(&command), output.status);
        }
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("{} wrote no JSON", spelled(&command)))
    }
}

/// The annotated configuration with its example of a site in force.
fn with_site(text: &str) -> String {
    SITE.iter().fold(text.to_owned(), |text, key| {
        text.replace(&format!("# {key} = "), &format!("{key} = "))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_annotated_configuration_has_a_site_to_put_in_force() {
        let text = super::with_site(include_str!("../../config/slewgate.toml"));
        let (_, site) = text.split_once("\n[site]").unwrap();
        for key in super::SITE {
            assert!(
                site.lines()
                    .any(|line| line.starts_with(&format!("{key} = "))),
                "{key}"
            );
        }
    }
}
