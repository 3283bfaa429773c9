//! The files of a log: the one that is written, those that were full, and `log.head` beside them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::chain::Link;

/// No line of a log is longer.
pub(super) const LONGEST_LINE: u64 = 64 * 1024;

/// Digits of a full file's number: names in the order of time.
const DIGITS: usize = 12;

/// A file that was full: `security.log.000000000001`, by the sequence of its first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FullFile {
    pub(super) path: PathBuf,
    pub(super) first: u64,
}

/// Where a file whose first line is that one goes once it is full.
pub(super) fn full(path: &Path, first: u64) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.{first:0DIGITS$}"))
}

/// The full files of the log at `path`, the oldest first. None where there is no directory.
pub(super) fn all_full(path: &Path) -> io::Result<Vec<FullFile>> {
    let entries = match fs::read_dir(path.parent().unwrap_or(Path::new("."))) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Some(first) = number(path, &entry.file_name()) {
            let path = entry.path();
            files.push(FullFile { path, first });
        }
    }
    files.sort_by_key(|file| file.first);
    Ok(files)
}

/// The sequence of the first line of a full file of the log at `path`, as its name tells it.
pub(super) fn number(path: &Path, name: &OsStr) -> Option<u64> {
    let log = path.file_name()?.to_str()?;
    let number = name.to_str()?.strip_prefix(log)?.strip_prefix('.')?;
    let plain = number.len() == DIGITS && number.bytes().all(|it| it.is_ascii_digit());
    plain.then(|| number.parse().ok())?
}

/// Where a log goes that has no chain: `security.log.unchained`.
pub(super) fn unchained(path: &Path) -> PathBuf {
    path.with_added_extension("unchained")
}

/// `log.head`, in the directory of the log.
pub(super) fn head(path: &Path) -> PathBuf {
    path.with_file_name("log.head")
}

/// `log.counted`, in the directory of the log.
pub(super) fn counted(path: &Path) -> PathBuf {
    path.with_file_name("log.counted")
}

/// The sequence of the first line of a file.
pub(super) fn first(file: &mut File) -> io::Result<Option<u64>> {
    file.seek(SeekFrom::Start(0))?;
    let mut line = Vec::new();
    BufReader::new(file.by_ref())
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut line)?;
    Ok(Link::of(line.trim_ascii_end()).map(|(link, _)| link.sequence))
}

pub(super) fn ends_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
