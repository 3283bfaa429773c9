//! The handlers and policies that came with the program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The kinds of components: folders in a data directory, and where they come from.
const KINDS: [&str; 2] = ["handlers", "policies"];
/// Where they are, seen from the program's folder: as `cargo xtask dist` lays them out, and as it builds them.
const BESIDE: [&str; 2] = ["", "../plugins"];

/// Files to copy.
#[derive(Default)]
pub(super) struct Components {
    /// Each with the folder that it goes to.
    pub(super) files: Vec<(&'static str, PathBuf)>,
}

impl Components {
    /// Those in `given`, or else those beside the program.
    pub(super) fn find(given: Option<&Path>) -> anyhow::Result<Components> {
        let places: Vec<PathBuf> = match given {
            Some(given) => vec![given.to_owned()],
            None => beside_the_program()?,
        };
        for place in &places {
            if let Some(components) = Components::at(place)? {
                return Ok(components);
            }
        }
        let looked: Vec<_> = places
            .iter()
            .map(|place| place.display().to_string())
            .collect();
        bail!(
            "no components in {}: it has no handlers/ and policies/ with .wasm files; name their folder with --components",
            looked.join(" or ")
        )
    }

    /// Whether a data directory has components of both kinds.
    pub(super) fn are_at(place: &Path) -> bool {
        Components::at(place).is_ok_and(|found| found.is_some())
    }

    /// None where a kind is missing.
    fn at(place: &Path) -> anyhow::Result<Option<Components>> {
        let mut files = Vec::new();
        for kind in KINDS {
            let folder = place.join(kind);
            let found = components_in(&folder)
                .with_context(|| format!("cannot read {}", folder.display()))?;
            if found.is_empty() {
                return Ok(None);
            }
            files.extend(found.into_iter().map(|file| (kind, file)));
        }
        Ok(Some(Components { files }))
    }
}

/// The program's own folder, where links to it lead to.
fn beside_the_program() -> anyhow::Result<Vec<PathBuf>> {
    let program = std::env::current_exe()
        .and_then(fs::canonicalize)
        .context("cannot find the program's own folder")?;
    let folder = program.parent().unwrap_or(Path::new("."));
    Ok(BESIDE.iter().map(|beside| folder.join(beside)).collect())
}

fn components_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
