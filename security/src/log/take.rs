//! A log's files as they are at one moment, for who copies them while it is written.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{self, FullFile};
use crate::platform;

/// Files become full seldom: whoever meets that so often in a row meets something else.
const ATTEMPTS: u32 = 100;

/// A file of the log, open: what is in it can be read whatever becomes of its name.
#[derive(Debug)]
pub struct TakenFile {
    /// Where it was.
    pub path: PathBuf,
    /// What is in it.
    pub file: File,
}

/// Opens `log.head` and all files of the log at `path`, as they belong together: no line is missing between two of them, and the newest
/// may grow before it is read.
///
/// # Errors
/// One cannot be read, or the log turns over again and again.
pub fn take(path: &Path) -> io::Result<Vec<TakenFile>> {
    for _ in 0..ATTEMPTS {
        if let Some(taken) = attempt(path, || {})? {
            return Ok(taken);
        }
    }
    Err(io::Error::other("its files are put aside all the time"))
}

/// Whether a file in the directory of the log is one of its own, as [`take`] opens them.
#[must_use]
pub fn is_of_log(path: &Path, file: &Path) -> bool {
    let is_full = |name| files::number(path, name).is_some();
    let is_beside = file.parent() == path.parent();
    file == path || file == files::head(path) || is_beside && file.file_name().is_some_and(is_full)
}

/// None: a file became full meanwhile. `between` is called where that hurts most.
fn attempt(path: &Path, between: impl FnOnce()) -> io::Result<Option<Vec<TakenFile>>> {
    let before = files::all_full(path)?;
    // Before the lines that it tells of: there may be more of them by then.
    let mut paths = vec![files::head(path)];
    paths.extend(before.iter().map(|FullFile { path, .. }| path.clone()));
    let mut taken = open(paths)?;
    between();
    taken.extend(open([path.to_owned()])?);
    Ok((files::all_full(path)? == before).then_some(taken))
}

/// Those that are there; what is no plain file is none of the log.
fn open(paths: impl IntoIterator<Item = PathBuf>) -> io::Result<Vec<TakenFile>> {
    let mut taken = Vec::new();
    for path in paths {
        match platform::open_at_once(&path) {
            Ok(file) if file.metadata()?.is_file() => taken.push(TakenFile { path, file }),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn texts(taken: Vec<TakenFile>) -> Vec<(String, String)> {
        let text = |TakenFile { path, file }| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, io::read_to_string(file).unwrap())
        };
        taken.into_iter().map(text).collect()
    }

    #[test]
    fn a_file_that_becomes_full_while_the_log_is_taken_is_not_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("security.log");
        let full = files::full(&path, 1);
        fs::write(&path, "first").unwrap();
        let turn_over = || {
            fs::rename(&path, &full).unwrap();
            fs::write(&path, "second").unwrap();
        };
        assert!(attempt(&path, turn_over).unwrap().is_none());
        let taken = take(&path).unwrap();
        fs::remove_file(&full).unwrap();
        fs::rename(&path, files::full(&path, 2)).unwrap();
        let told = [
            ("security.log.000000000001", "first"),
            ("security.log", "second"),
        ];
        assert_eq!(
            texts(taken),
            told.map(|(name, text)| (name.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn the_files_of_a_log_are_told_from_what_lies_beside_them() {
        let path = Path::new("logs/security.log");
        let is_one = |name: &str| is_of_log(path, &path.with_file_name(name));
        for name in ["security.log", "log.head", "security.log.000000000041"] {
            assert!(is_one(name), "{name}");
        }
        for name in ["security.log.unchained", "security.log.41", "notes"] {
            assert!(!is_one(name), "{name}");
        }
        assert!(!is_of_log(path, Path::new("elsewhere/security.log")));
    }
}
