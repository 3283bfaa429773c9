//! Whether somebody else could have put a component where it is: the owners and modes of its file and of the directories that
//! name it. Of those above only the owner could be asked: who moves a whole directory away cannot give another its owner.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::{Component, Hold, Untrusted};
use crate::platform;

/// Links that are followed, as the system does.
const MAX_LINKS: usize = 40;

pub(super) fn judge(component: &Component<'_>) -> Result<(), Untrusted> {
    let mut is_reached = false;
    for directory in directories(component.path) {
        let found = fs::metadata(&directory).map_err(|why| Untrusted::Unseen {
            path: directory.clone(),
            why,
        })?;
        held(&directory, &found)?;
        is_reached = platform::others_enter(&found);
    }
    match held(component.path, component.file) {
        // Nobody else comes as far as the file to write it.
        Err(Untrusted::Writable { .. }) if !is_reached && has_one_name(component.file) => Ok(()),
        judged => judged,
    }
}

fn held(path: &Path, found: &Metadata) -> Result<(), Untrusted> {
    let path = path.to_owned();
    match platform::others_hold(found) {
        None => Ok(()),
        Some(Hold::Mode(mode)) => Err(Untrusted::Writable { path, mode }),
        Some(Hold::Owner { owner, me }) => Err(Untrusted::Owner { path, owner, me }),
    }
}

/// That of the file, and where it is a link those of each file on the way; the one that the file itself is in comes last.
fn directories(path: &Path) -> Vec<PathBuf> {
    let mut directories = Vec::new();
    let mut at = path.to_owned();
    for _ in 0..MAX_LINKS {
        let directory = match at.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        directories.push(directory.clone());
        match fs::read_link(&at) {
            Ok(target) => at = directory.join(target),
            Err(_) => break,
        }
    }
    directories
}

#[cfg(unix)]
fn has_one_name(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.nlink() == 1
}

#[cfg(not(unix))]
fn has_one_name(_: &Metadata) -> bool {
    false
}
