//! What the file system is asked for, on every platform: `unix` knows modes, owners and links.

#[cfg(unix)]
pub(crate) use crate::unix::*;

#[cfg(not(unix))]
pub(crate) use elsewhere::*;

#[cfg(not(unix))]
mod elsewhere {
    //! Without modes and owners the directory's own access rights protect the files.

    use std::fs::{self, File, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(crate) fn create_private(path: &Path) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
    }

    pub(crate) fn create_new_private(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    pub(crate) fn open_without_links(path: &Path) -> io::Result<File> {
        File::open(path)
    }

    pub(crate) fn open_at_once(path: &Path) -> io::Result<File> {
        File::open(path)
    }

    pub(crate) fn make_private(_: &File) -> io::Result<Option<u32>> {
        Ok(None)
    }

    pub(crate) fn not_trusted(_: &fs::Metadata) -> Option<String> {
        None
    }

    pub(crate) fn make_readable(_: &File) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn others_hold(_: &fs::Metadata) -> Option<crate::trust::Hold> {
        None
    }

    pub(crate) fn others_enter(_: &fs::Metadata) -> bool {
        true
    }

    pub(crate) fn others_read(_: &fs::Metadata) -> Option<u32> {
        None
    }

    pub(crate) fn is_a_link(_: &io::Error) -> bool {
        false
    }

    pub(crate) fn sync_directory(_: &Path) -> io::Result<()> {
        Ok(())
    }
}
