//! The directory of compiled code, in which nobody else can have put anything: what lies there is run as it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The directory, which is made where it must be. It is private from here on, and empty if others could write to it until now.
///
/// # Errors
/// It cannot be made private, or others could put another one in its place.
pub(super) fn private(directory: &Path) -> anyhow::Result<PathBuf> {
    let named = directory.parent().zip(directory.file_name());
    let (above, name) = named.context("it has no name")?;
    let above = made(above)?;
    for place in above.ancestors().take(2) {
        let found = fs::metadata(place).with_context(|| place.display().to_string())?;
        if let Some(how) = platform::others_name(&found) {
            let place = place.display();
            bail!(
                "others could put another directory in its place: {place} {how}; let nobody else write there, with chown or chmod go-w"
            );
        }
    }
    let home = above.join(name);
    distrust(&home)?;
    platform::make_private(&home)?;
    Ok(home)
}

/// What leads to it, without links.
fn made(above: &Path) -> anyhow::Result<PathBuf> {
    let here = above.as_os_str().is_empty();
    let above = if here { Path::new(".") } else { above };
    let made = platform::create_private(above).and_then(|()| fs::canonicalize(above));
    made.with_context(|| format!("cannot make {}", above.display()))
}

/// Takes away what others could have changed.
fn distrust(home: &Path) -> anyhow::Result<()> {
    let found = match fs::symlink_metadata(home) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.is_dir() {
        bail!("it is no directory; take away what is there");
    }
    if let Some(how) = platform::others_write(&found) {
        tracing::warn!(path = %home.display(), found = how,
            "compiled code that others could have changed is deleted, and made anew where it is needed");
        let deleted = fs::remove_dir_all(home);
        deleted.with_context(|| format!("it {how}; delete it"))?;
    }
    Ok(())
}

#[cfg(unix)]
mod platform {
    use std::fs::{DirBuilder, Metadata, Permissions, metadata, set_permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
    use std::path::Path;

    const PRIVATE: u32 = 0o700;
    const OTHERS_WRITE: u32 = 0o022;
    /// In such a directory only the owner of what lies there can put something else in its place.
    const STICKY: u32 = 0o1000;
    const MODE: u32 = 0o7777;
    const ROOT: u32 = 0;

    pub(super) fn create_private(directory: &Path) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(PRIVATE).create(directory)
    }

    /// It is there, and nobody else may enter it.
    pub(super) fn make_private(directory: &Path) -> io::Result<()> {
        create_private(directory)?;
        match metadata(directory)?.mode() & MODE {
            PRIVATE => Ok(()),
            _ => set_permissions(directory, Permissions::from_mode(PRIVATE)),
        }
    }

    /// How somebody else decides what lies in this directory.
    pub(super) fn others_write(found: &Metadata) -> Option<String> {
        let me = me();
        written((found.uid(), found.mode() & MODE), &[me], me)
    }

    /// How somebody else decides what a name in this directory stands for.
    pub(super) fn others_name(found: &Metadata) -> Option<String> {
        let (me, mode) = (me(), found.mode() & MODE);
        let shared = mode & STICKY != 0;
        let mode = if shared { mode & !OTHERS_WRITE } else { mode };
        written((found.uid(), mode), &[me, ROOT], me)
    }

    fn written((owner, mode): (u32, u32), trusted: &[u32], me: u32) -> Option<String> {
        if !trusted.contains(&owner) {
            return Some(format!(
                "belongs to user id {owner}, not to {me} that runs this"
            ));
        }
        let open = mode & OTHERS_WRITE != 0;
        open.then(|| format!("is writable by others (mode {mode:04o})"))
    }

    fn me() -> u32 {
        rustix::process::geteuid().as_raw()
    }
}

#[cfg(not(unix))]
mod platform {
    //! The directory inherits the rights of the data directory.

    use std::fs::{Metadata, create_dir_all};
    use std::io;
    use std::path::Path;

    pub(super) fn create_private(directory: &Path) -> io::Result<()> {
        create_dir_all(directory)
    }

    pub(super) fn make_private(directory: &Path) -> io::Result<()> {
        create_dir_all(directory)
    }

    pub(super) fn others_write(_: &Metadata) -> Option<String> {
        None
    }

    pub(super) fn others_name(_: &Metadata) -> Option<String> {
        None
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    use super::*;

    /// A data directory with compiled code in it.
    struct Data(tempfile::TempDir);

    impl Data {
        fn new() -> Data {
            let data = Data(tempfile::tempdir().unwrap());
            private(&data.home()).unwrap();
            fs::write(data.home().join("code"), "compiled").unwrap();
            data
        }

        fn home(&self) -> PathBuf {
            self.0.path().join("cache/components")
        }

        fn chmod(&self, path: &str, mode: u32) {
            let path = self.0.path().join(path);
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }

        fn is_kept(&self) -> bool {
            self.home().join("code").exists()
        }

        fn mode(&self) -> u32 {
            fs::metadata(self.home()).unwrap().mode() & 0o7777
        }
    }

    #[test]
    fn what_nobody_else_could_change_is_kept() {
        let data = Data::new();
        for mode in [0o700, 0o755, 0o500] {
            data.chmod("cache/components", mode);
            private(&data.home()).unwrap();
            assert!(data.is_kept(), "{mode:o}");
            assert_eq!(data.mode(), 0o700);
        }
    }

    #[test]
    fn what_others_could_write_to_is_deleted_before_it_is_made_private() {
        for mode in [0o777, 0o770, 0o702, 0o1777] {
            let data = Data::new();
            data.chmod("cache/components", mode);
            private(&data.home()).unwrap();
            assert!(!data.is_kept(), "{mode:o}");
            assert_eq!(data.mode(), 0o700);
        }
    }

    #[test]
    fn what_belongs_to_somebody_else_is_deleted() {
        let data = Data::new();
        // Only root can give a directory away; nobody else can have one of another's here.
        if chown(data.home(), Some(54_321), None).is_err() {
            return;
        }
        private(&data.home()).unwrap();
        assert!(!data.is_kept());
        let owner = fs::metadata(data.home()).unwrap().uid();
        assert_eq!(owner, rustix::process::geteuid().as_raw());
    }

    #[test]
    fn a_directory_that_others_can_replace_is_not_used() {
        let data = Data::new();
        for above in ["cache", ""] {
            data.chmod(above, 0o775);
            let said = private(&data.home()).unwrap_err().to_string();
            let wanted = "is writable by others (mode 0775); let nobody else";
            assert!(said.contains(wanted), "{said}");
            // There nobody can move what belongs to another.
            data.chmod(above, 0o1777);
            private(&data.home()).unwrap();
            data.chmod(above, 0o755);
        }
        private(&data.home()).unwrap();
        assert!(data.is_kept());
    }

    #[test]
    fn what_is_no_directory_is_left_alone() {
        let data = Data::new();
        let elsewhere = data.0.path().join("elsewhere");
        fs::rename(data.home(), &elsewhere).unwrap();
        symlink(&elsewhere, data.home()).unwrap();
        fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o777)).unwrap();
        let said = private(&data.home()).unwrap_err().to_string();
        assert!(said.contains("it is no directory"), "{said}");
        assert!(elsewhere.join("code").exists());
    }
}
