//! `slewgate plugin new`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use crate::embedded;
use crate::project::{FILE, Project};
use crate::{Error, Kind, Language, Name};

/// Stands in templates where the plugin's name goes. It is a name itself, so that what it stands in is valid as it is.
const PLACE: &str = "plugin-name";

/// Writes a project into a folder, which is made: one that builds, passes its tests, and is the author's from then on.
///
/// # Errors
///
/// There is something in the folder, which is left as it is; or it cannot be written.
pub fn create(
    name: Name,
    language: Language,
    kind: Kind,
    directory: &Path,
) -> Result<Project, Error> {
    if !is_free(directory)? {
        return Err(Error::Occupied(directory.to_owned()));
    }
    let directory = std::path::absolute(directory).map_err(Error::io("find", directory))?;
    let project = Project {
        directory,
        name,
        language,
        kind,
        lines: lines(kind),
        settings: settings(kind),
    };
    for (path, contents) in embedded::files(language, kind) {
        write(&project, &path, &named(contents, &project.name))?;
    }
    write(&project, Path::new(FILE), project.told().as_bytes())?;
    Ok(project)
}

/// Who answers the template's handler while it is checked.
fn lines(kind: Kind) -> BTreeMap<String, String> {
    match kind {
        Kind::Handler => [("port".to_owned(), "script:try/heater.txt".to_owned())].into(),
        Kind::Policy => BTreeMap::new(),
    }
}

/// With what the template's handler is checked.
fn settings(kind: Kind) -> Map<String, Value> {
    match kind {
        Kind::Handler => Map::from_iter([("max_percent".to_owned(), 80.into())]),
        Kind::Policy => Map::new(),
    }
}

/// Whether nothing is there, or an empty folder.
fn is_free(directory: &Path) -> Result<bool, Error> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(true),
            io::ErrorKind::NotADirectory => Ok(false),
            _ => Err(Error::io("look into", directory)(error)),
        },
    }
}

fn named(contents: &'static [u8], name: &Name) -> Vec<u8> {
    match std::str::from_utf8(contents) {
        Ok(text) => text.replace(PLACE, name.as_str()).into_bytes(),
        Err(_) => contents.to_vec(),
    }
}

fn write(project: &Project, path: &Path, contents: &[u8]) -> Result<(), Error> {
    let path = project.directory.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    }
    fs::write(&path, contents).map_err(Error::io("write", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create_all(mut look: impl FnMut(&Project)) {
        let folder = tempfile::tempdir().unwrap();
        for language in Language::ALL {
            for kind in Kind::ALL {
                let directory = folder.path().join(format!("{language}-{kind}"));
                let name = "dew-heater".parse().unwrap();
                look(&create(name, language, kind, &directory).unwrap());
            }
        }
    }

    #[test]
    fn each_project_is_one_that_can_be_opened() {
        create_all(|project| {
            assert_eq!(&Project::open(&project.directory).unwrap(), project);
        });
    }

    #[test]
    fn each_project_has_a_page_a_list_of_what_git_leaves_out_and_the_contract() {
        create_all(|project| {
            for file in ["README.md", ".gitignore", "wit/worlds.wit"] {
                let text = fs::read_to_string(project.directory.join(file)).unwrap();
                assert!(!text.is_empty(), "{project:?}: {file}");
            }
        });
    }

    #[test]
    fn the_name_stands_wherever_the_template_has_a_place_for_it() {
        create_all(|project| {
            for (path, _) in embedded::files(project.language, project.kind) {
                let text = fs::read_to_string(project.directory.join(&path)).unwrap();
                assert!(!text.contains(PLACE), "{}", path.display());
            }
            let page = fs::read_to_string(project.directory.join("README.md")).unwrap();
            assert!(page.contains("build/dew-heater.wasm"), "{page}");
        });
    }

    #[test]
    fn what_is_in_the_way_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes");
        fs::write(&file, "mine").unwrap();
        for directory in [folder.path(), &file] {
            let name = "heater".parse().unwrap();
            let error = create(name, Language::C, Kind::Policy, directory).unwrap_err();
            assert!(matches!(error, Error::Occupied(_)), "{error}");
        }
        assert_eq!(fs::read(&file).unwrap(), b"mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_empty_folder_is_filled() {
        let folder = tempfile::tempdir().unwrap();
        let name = "heater".parse().unwrap();
        create(name, Language::C, Kind::Policy, folder.path()).unwrap();
        assert!(folder.path().join(FILE).exists());
    }
}
