//! What lies in the directories of plugins. Each look runs where it may block.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::task::spawn_blocking;

use super::candidate::{Sight, look};
use super::report::PluginKind;
use super::slot::{ComponentFile, client_type};

/// Where the components are.
#[derive(Clone, Debug)]
pub(crate) struct Directories {
    /// Components of world `command-handler`, named by the configuration.
    pub(crate) handlers: PathBuf,
    /// Components of world `permission-policy`, named after client types.
    pub(crate) policies: PathBuf,
}

impl Directories {
    pub(crate) fn of(&self, kind: PluginKind) -> &PathBuf {
        match kind {
            PluginKind::Handler => &self.handlers,
            PluginKind::Policy => &self.policies,
        }
    }

    pub(crate) fn path(&self, file: &ComponentFile) -> PathBuf {
        self.of(file.kind).join(&file.name)
    }

    /// What can be seen of these files.
    pub(crate) async fn look(&self, files: Vec<ComponentFile>) -> Vec<(ComponentFile, Sight)> {
        let paths: Vec<_> = files
            .into_iter()
            .map(|file| (self.path(&file), file))
            .collect();
        let looks = move || {
            paths
                .into_iter()
                .map(|(path, file)| (file, look(&path)))
                .collect()
        };
        // A failure is one of the runtime, at its end: then nobody waits for the answer.
        spawn_blocking(looks).await.unwrap_or_default()
    }

    /// The client types that there are policies for; none where the directory is not there.
    pub(crate) async fn client_types(&self) -> anyhow::Result<BTreeSet<String>> {
        let directory = self.policies.clone();
        let found = spawn_blocking(move || client_types(&directory)).await?;
        found.with_context(|| format!("cannot list {}", self.policies.display()))
    }
}

fn client_types(directory: &Path) -> io::Result<BTreeSet<String>> {
    let listing = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        listing => listing?,
    };
    let mut found = BTreeSet::new();
    for file in listing {
        let name = file?.file_name();
        match name.to_str().and_then(client_type) {
            Some(client_type) => _ = found.insert(client_type.to_owned()),
            None => tracing::debug!(
                ?name,
                "not a policy: their names are `[a-z0-9-]{{1,32}}.wasm`"
            ),
        }
    }
    Ok(found)
}
