//! Reading a file that anybody may have put there.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Opens a regular file to read. Whatever else lies there, such as a pipe that nobody writes to, holds the caller up no longer
/// than a file does.
pub(super) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let file = platform::open_at_once(path)?;
    let found = file.metadata()?;
    match found.is_file() {
        true => Ok((file, found)),
        false => Err(io::Error::other("it is no regular file")),
    }
}

/// All of such a file, unless it is longer.
pub(super) fn read(path: &Path, at_most: u64) -> io::Result<Vec<u8>> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    file.take(at_most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    match bytes.len() as u64 <= at_most {
        true => Ok(bytes),
        false => Err(io::Error::other(format!(
            "it has more than {at_most} bytes"
        ))),
    }
}

#[cfg(unix)]
mod platform {
    use std::fs::{File, OpenOptions};
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;

    use rustix::fs::OFlags;

    pub(super) fn open_at_once(path: &Path) -> std::io::Result<File> {
        let flags = (OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed();
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(flags).open(path)
    }
}

#[cfg(not(unix))]
mod platform {
    pub(super) fn open_at_once(path: &std::path::Path) -> std::io::Result<std::fs::File> {
        std::fs::File::open(path)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_no_longer_than_it_may_be_is_read_whole() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        fs::write(&path, "four").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"four");
        let said = read(&path, 3).unwrap_err().to_string();
        assert_eq!(said, "it has more than 3 bytes");
        // It would not fit into the memory of many a machine.
        fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        read(&path, 3).unwrap_err();
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_nobody_writes_to_is_no_regular_file_and_holds_nobody_up() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, 0o600.into()).unwrap();
        for said in [open(&path).unwrap_err(), read(&path, 4).unwrap_err()] {
            assert_eq!(said.to_string(), "it is no regular file");
        }
        let said = open(home.path()).unwrap_err().to_string();
        assert_eq!(said, "it is no regular file");
    }
}
