//! What each type of client was allowed last, kept for the next start: a policy that is replaced while no host runs is compared, too.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::task::spawn_blocking;

use super::ledger::Allowed;
use crate::reload::replace_file;

/// The file, a JSON object of the lists of methods by client type.
#[derive(Debug)]
pub(super) struct Kept {
    /// None: nothing outlives the host.
    path: Option<PathBuf>,
    /// What it holds; none where it is not there, or cannot be read.
    written: Option<Allowed>,
}

impl Kept {
    /// Reads it. What cannot be read is not known, and said.
    pub(super) async fn open(path: Option<PathBuf>) -> Kept {
        let written = match path.clone() {
            // An error means that the runtime ends: then nothing is compared any more.
            Some(path) => spawn_blocking(move || read(&path))
                .await
                .unwrap_or_default(),
            None => None,
        };
        Kept { path, written }
    }

    /// What was allowed before the start.
    pub(super) fn before(&self) -> Option<&Allowed> {
        self.written.as_ref()
    }

    /// Writes it, where it is otherwise.
    pub(super) async fn keep(&mut self, allowed: Allowed) {
        let Some(path) = self.path.clone() else {
            return;
        };
        if self.written.as_ref() == Some(&allowed) {
            return;
        }
        let writing = spawn_blocking(move || write(&path, &allowed).map(|()| allowed));
        match writing.await.map_err(anyhow::Error::from).flatten() {
            Ok(allowed) => self.written = Some(allowed),
            Err(error) => tracing::warn!(
                error = format!("{error:#}"),
                "what policies allow is not kept; it is tried again at the next swap, and the next start compares with what was kept before"
            ),
        }
    }
}

fn read(path: &Path) -> Option<Allowed> {
    const NOT_COMPARED: &str =
        "what policies allow is not compared with what they allowed before the start";
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::info!(path = %path.display(), "{NOT_COMPARED}: nothing was kept");
            return None;
        }
        read => read,
    };
    let read = text
        .map_err(anyhow::Error::from)
        .and_then(|text| Ok(serde_json::from_slice(&text)?));
    read.inspect_err(|error| {
        tracing::warn!(path = %path.display(), error = format!("{error:#}"),
            "{NOT_COMPARED}: the file cannot be read, and is written anew");
    })
    .ok()
}

fn write(path: &Path, allowed: &Allowed) -> anyhow::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
    }
    replace_file(path, &serde_json::to_vec_pretty(allowed)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn allowed(methods: &[&str]) -> Allowed {
        let methods = methods.iter().map(|method| (*method).to_owned()).collect();
        Allowed::from([("visitor".to_owned(), methods)])
    }

    #[tokio::test]
    async fn what_was_kept_is_known_at_the_next_start() {
        let home = tempfile::tempdir().unwrap();
        let path = Some(home.path().join("state/allowed.json"));
        let mut kept = Kept::open(path.clone()).await;
        assert_eq!(kept.before(), None, "nothing is known at the first");
        kept.keep(allowed(&["mount.park"])).await;
        let kept = Kept::open(path).await;
        assert_eq!(kept.before(), Some(&allowed(&["mount.park"])));
    }

    #[tokio::test]
    async fn it_is_written_only_when_it_changes() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("allowed.json");
        let mut kept = Kept::open(Some(path.clone())).await;
        kept.keep(allowed(&["mount.park"])).await;
        fs::remove_file(&path).unwrap();
        kept.keep(allowed(&["mount.park"])).await;
        assert!(!path.exists());
        kept.keep(allowed(&[])).await;
        assert!(path.exists());
    }

    #[tokio::test]
    async fn of_a_damaged_file_nothing_is_known_and_it_is_written_anew() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("allowed.json");
        fs::write(&path, "{\"visitor\": [").unwrap();
        let mut kept = Kept::open(Some(path.clone())).await;
        assert_eq!(kept.before(), None);
        kept.keep(allowed(&["mount.park"])).await;
        let kept = Kept::open(Some(path)).await;
        assert_eq!(kept.before(), Some(&allowed(&["mount.park"])));
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_tried_again() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("state");
        fs::write(&directory, "a file").unwrap();
        let path = directory.join("allowed.json");
        let mut kept = Kept::open(Some(path.clone())).await;
        kept.keep(allowed(&[])).await;
        fs::remove_file(&directory).unwrap();
        kept.keep(allowed(&[])).await;
        assert!(path.exists());
    }
}
