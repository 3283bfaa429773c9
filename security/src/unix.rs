//! Modes, owners and links, as Unix has them.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use rustix::fs::OFlags;

use crate::trust::Hold;

const PRIVATE: u32 = 0o600;
const PRIVATE_DIRECTORY: u32 = 0o700;
const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;
const OTHERS_ENTER: u32 = 0o011;
const READABLE: u32 = 0o644;
const ROOT: u32 = 0;

/// Opens a file to append to and to read, readable and writable by its owner alone if it is made now.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .append(true)
        .create(true)
        .mode(PRIVATE)
        .custom_flags(flags(OFlags::NOFOLLOW))
        .open(path)
}

/// Makes a file that must not exist yet.
pub(crate) fn create_new_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE)
        .open(path)
}

/// Makes a directory and what leads to it, for its owner alone; existing ones stay as they are.
pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_DIRECTORY)
        .create(path)
}

/// Opens a file to read; a symbolic link is an error, and a pipe does not hold the caller up.
pub(crate) fn open_without_links(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(flags(OFlags::NOFOLLOW))
        .open(path)
}

/// Opens a file to read, and a pipe without waiting for who writes to it.
pub(crate) fn open_at_once(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(flags(OFlags::empty()))
        .open(path)
}

/// Takes everybody else's rights away; tells the mode that it had, if it was another.
pub(crate) fn make_private(file: &File) -> io::Result<Option<u32>> {
    let mode = file.metadata()?.mode() & 0o777;
    if mode & OTHERS == 0 {
        return Ok(None);
    }
    file.set_permissions(Permissions::from_mode(PRIVATE))?;
    Ok(Some(mode))
}

/// Why a file's contents cannot be relied on: somebody else may have written them.
pub(crate) fn not_trusted(metadata: &Metadata) -> Option<String> {
    let me = rustix::process::geteuid().as_raw();
    if metadata.uid() != me {
        return Some(format!(
            "it belongs to user id {}, not to {me} that runs this",
            metadata.uid()
        ));
    }
    let mode = metadata.mode() & 0o777;
    (mode & OTHERS_WRITE != 0).then(|| {
        format!("others can write it (mode {mode:04o}); see what it holds, then chmod 600")
    })
}

/// Lets others read a file, and its owner alone write it, whatever the process hands out otherwise.
pub(crate) fn make_readable(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(READABLE))
}

/// Who but root and the user that runs this decides what a file or directory holds.
pub(crate) fn others_hold(metadata: &Metadata) -> Option<Hold> {
    let me = rustix::process::geteuid().as_raw();
    hold(metadata.uid(), metadata.mode(), me)
}

fn hold(owner: u32, mode: u32, me: u32) -> Option<Hold> {
    match mode & OTHERS_WRITE {
        _ if owner != me && owner != ROOT => Some(Hold::Owner { owner, me }),
        0 => None,
        _ => Some(Hold::Mode(mode & 0o7777)),
    }
}

/// Whether others reach what is in a directory.
pub(crate) fn others_enter(metadata: &Metadata) -> bool {
    metadata.mode() & OTHERS_ENTER != 0
}

/// The mode of a file that others may read.
pub(crate) fn others_read(metadata: &Metadata) -> Option<u32> {
    let mode = metadata.mode() & 0o777;
    (mode & OTHERS != 0).then_some(mode)
}

/// Whether opening failed because the path is a symbolic link.
pub(crate) fn is_a_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Makes a rename in this directory outlast a power cut.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    let here = path.as_os_str().is_empty();
    File::open(if here { Path::new(".") } else { path })?.sync_all()
}

fn flags(and: OFlags) -> i32 {
    (OFlags::NONBLOCK | OFlags::CLOEXEC | and)
        .bits()
        .cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_root_or_this_user_alone_can_write_is_held_by_nobody_else() {
        let me = 1000;
        for (owner, mode) in [(me, 0o100_644), (ROOT, 0o100_755), (me, 0o040_700)] {
            assert_eq!(hold(owner, mode, me), None);
        }
        for mode in [0o100_664, 0o100_646, 0o041_777] {
            assert_eq!(hold(me, mode, me), Some(Hold::Mode(mode & 0o7777)));
        }
        assert_eq!(
            hold(1001, 0o100_644, me),
            Some(Hold::Owner { owner: 1001, me })
        );
    }
}
