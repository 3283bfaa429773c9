//! Putting a component where a host takes it up.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Built, Error};

/// What lies in a data directory, and shows that it is one.
const SIGNS: [&str; 3] = ["slewgate.toml", "handlers", "policies"];

/// Whether a folder is a data directory, as far as one sees.
pub fn is_data_directory(folder: &Path) -> bool {
    SIGNS.iter().any(|sign| folder.join(sign).exists())
}

/// Copies a component into a data directory's `handlers` or `policies`, in one step: a host that runs there sees the old one or the
/// new one. Returns where it is now.
///
/// # Errors
///
/// The directory is not one of a host, or cannot be written.
pub fn install(built: &Built, data: &Path) -> Result<PathBuf, Error> {
    if !is_data_directory(data) {
        return Err(Error::NoDataDirectory(data.to_owned()));
    }
    let folder = data.join(built.project.kind.folder());
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    let component = fs::read(&built.component).map_err(Error::io("read", &built.component))?;
    let file = folder.join(built.project.file_name());
    replace(&file, &component)?;
    Ok(file)
}

/// Writes a file beside another one and gives it its name: nobody sees half of it, and a disk that is full leaves the old one.
pub(crate) fn replace(file: &Path, contents: &[u8]) -> Result<(), Error> {
    let new = file.with_added_extension("new");
    fs::write(&new, contents).map_err(Error::io("write", &new))?;
    fs::rename(&new, file).map_err(Error::io("replace", file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Language, create};
    use std::time::Duration;

    fn built(folder: &Path, kind: Kind) -> Built {
        let project = create(
            "heater".parse().unwrap(),
            Language::C,
            kind,
            &folder.join("project"),
        )
        .unwrap();
        let component = folder.join("built.wasm");
        fs::write(&component, b"new").unwrap();
        Built {
            project,
            component,
            size: 3,
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_component_goes_to_its_kind_in_place_of_the_one_before_and_leaves_nothing_beside_it() {
        for kind in Kind::ALL {
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path().join("data");
            let place = data.join(kind.folder());
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join("heater.wasm"), b"old").unwrap();
            let file = install(&built(folder.path(), kind), &data).unwrap();
            assert_eq!(file, place.join("heater.wasm"));
            assert_eq!(fs::read(&file).unwrap(), b"new");
            assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
        }
    }

    #[test]
    fn what_is_no_data_directory_is_not_filled() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("elsewhere");
        fs::create_dir(&data).unwrap();
        let error = install(&built(folder.path(), Kind::Handler), &data).unwrap_err();
        assert!(error.to_string().contains("slewgate setup"), "{error}");
        assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
    }
}
