//! What the program brings for a project: the templates, the contract, the SDK for Rust.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::{Kind, Language};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static CONTRACT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../plugins/sdk");

/// The SDK is given on, and its licences ask to go with it.
const LICENCES: [(&str, &[u8]); 2] = [
    ("LICENSE-APACHE", include_bytes!("../../../LICENSE-APACHE")),
    ("LICENSE-MIT", include_bytes!("../../../LICENSE-MIT")),
];

/// Where a project for Rust has the SDK: as far from the contract as in this repository, to which its sources refer.
const SDK_FOLDER: &str = "vendor/slewgate-sdk";

/// The folder of a language's templates that has what both kinds need.
const BOTH: &str = "both";

/// The folder of templates that has what handlers of all languages need.
const HANDLERS: &str = "handlers";

/// A file of a project: where in its folder, and what is in it.
pub(crate) type File = (PathBuf, &'static [u8]);

/// All files of a new project.
pub(crate) fn files(language: Language, kind: Kind) -> Vec<File> {
    let mut files = vec![];
    for part in [kind.name(), BOTH] {
        files.extend(below(&TEMPLATES, &format!("{language}/{part}"), ""));
    }
    if kind == Kind::Handler {
        files.extend(below(&TEMPLATES, HANDLERS, ""));
    }
    files.extend(below(&CONTRACT, "", "wit"));
    if language == Language::Rust {
        files.extend(below(&SDK, "", SDK_FOLDER));
        let licence =
            |(name, text): (&str, &'static [u8])| (Path::new(SDK_FOLDER).join(name), text);
        files.extend(LICENCES.map(licence));
    }
    files
}

/// The files in a folder of what is embedded, as they lie in a folder of the project.
fn below(embedded: &'static Dir<'_>, folder: &str, to: &str) -> Vec<File> {
    let mut found = vec![];
    let root = match folder {
        "" => Some(embedded),
        folder => embedded.get_dir(folder),
    };
    let mut folders: Vec<_> = root.into_iter().collect();
    while let Some(dir) = folders.pop() {
        folders.extend(dir.dirs());
        found.extend(dir.files().map(|file| {
            let path = file.path().strip_prefix(folder).unwrap_or(file.path());
            (Path::new(to).join(path), file.contents())
        }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// What git knows in a folder, relative to it.
    fn known(folder: &str) -> Vec<PathBuf> {
        let output = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut paths: Vec<_> = text.lines().map(PathBuf::from).collect();
        paths.sort();
        paths
    }

    #[test]
    fn what_is_embedded_is_what_git_knows() {
        for (embedded, folder) in [
            (&TEMPLATES, "templates"),
            (&CONTRACT, "../../wit"),
            (&SDK, "../../plugins/sdk"),
        ] {
            let mut paths: Vec<_> = below(embedded, "", "")
                .into_iter()
                .map(|(path, _)| path)
                .collect();
            paths.sort();
            assert_eq!(paths, known(folder), "{folder}");
        }
    }

    #[test]
    fn no_file_of_a_project_is_there_twice() {
        for language in Language::ALL {
            for kind in Kind::ALL {
                let mut paths: Vec<_> = files(language, kind)
                    .into_iter()
                    .map(|(path, _)| path)
                    .collect();
                let all = paths.len();
                paths.sort();
                paths.dedup();
                assert_eq!(paths.len(), all, "{language} {kind}");
            }
        }
    }
}
