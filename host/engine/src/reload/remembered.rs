//! What is remembered of each slot over restarts, so that a broken file finds the host as it served before.
//!
//! A directory with a page of JSON for each slot, `handlers/mount.json`, and the components that pages name, each in a directory named by
//! its digest. Components
//! are written before the page that names them, each in one step: whatever the moment at which the host dies, each page is an old or
//! a new one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::candidate::Digest;
use super::regular;
use super::report::{PluginKind, Stage};
use super::shelf::Identity;
use super::slot::Slot;

/// Where components lie, beside the pages.
const COMPONENTS: &str = "components";

/// What the name of a signature beside a component ends with.
const SIGNATURE: &str = "sig";

/// Such a file is not longer, in bytes.
const MAX_SIGNATURE: u64 = 1024;

/// Versions of a slot that were taken back, of which it is remembered: the newest.
const MAX_REFUSED: usize = 8;

/// The ending of a file that is being written.
const UNFINISHED: &str = "new";

/// One slot's page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Page {
    /// What served well last.
    pub(crate) good: Option<Kept>,
    /// What served before that.
    pub(crate) before: Option<Kept>,
    /// What was taken back since then, and is not tried again by itself.
    pub(crate) refused: Vec<Refused>,
}

/// A component and its settings that served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    #[serde(flatten)]
    pub(crate) identity: Identity,
    /// Name of its file.
    pub(crate) file: String,
    /// Since when it did; milliseconds since 1970-01-01T00:00Z.
    pub(crate) since: f64,
}

/// A component and its settings that must not serve again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refused {
    #[serde(flatten)]
    pub(crate) identity: Identity,
    /// By itself, or by hand.
    pub(crate) stage: Stage,
    /// Why it was taken back.
    pub(crate) cause: String,
    /// When; milliseconds since 1970-01-01T00:00Z.
    pub(crate) at: f64,
}

/// The pages on disk. Everything here blocks for as long as the file system does.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    directory: PathBuf,
}

impl Remembered {
    /// The pages in this directory, which is made where it must be. What a host that died left half written is removed.
    pub(crate) fn open(directory: PathBuf) -> anyhow::Result<Remembered> {
        for room in ["handlers", "policies", COMPONENTS] {
            let room = directory.join(room);
            fs::create_dir_all(&room).with_context(|| format!("cannot make {}", room.display()))?;
        }
        platform::make_private(&directory)
            .with_context(|| format!("cannot make {} private", directory.display()))?;
        let remembered = Remembered { directory };
        remembered.tidy()?;
        Ok(remembered)
    }

    /// What is remembered of a slot: nothing, where there is no page, or none that can be read.
    pub(crate) fn page(&self, slot: &Slot) -> Page {
        let path = self.page_path(slot);
        let read = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Page::default(),
            read => read,
        };
        let page = read
            .map_err(anyhow::Error::from)
            .and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        page.unwrap_or_else(|error| {
            tracing::warn!(%slot, path = %path.display(), error = format!("{error:#}"),
                "what served before is not known: its page cannot be read");
            Page::default()
        })
    }

    /// Where a component lies that a page names: under the name that it had, by which it may be trusted.
    pub(crate) fn component(&self, kept: &Kept) -> PathBuf {
        let digest = kept.identity.digest.to_string();
        let home = self.directory.join(COMPONENTS).join(digest);
        home.join(&kept.file)
    }

    /// Keeps a component before a page names it, with the signature that lies beside its file, if one does. One that is damaged is
    /// written anew.
    pub(crate) fn keep(&self, kept: &Kept, bytes: &[u8], original: &Path) -> anyhow::Result<()> {
        let path = self.component(kept);
        if let Some(home) = path.parent() {
            fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
        }
        if fs::read(&path).map_or(true, |found| Digest::of(&found) != kept.identity.digest) {
            replace(&path, bytes)?;
        }
        self.keep_signature(kept, original)
    }

    /// Keeps the signature that lies beside a component's file, which was found good: its keys may be others than at first.
    pub(crate) fn keep_signature(&self, kept: &Kept, original: &Path) -> anyhow::Result<()> {
        let path = self.component(kept).with_added_extension(SIGNATURE);
        let signature = regular::read(&original.with_added_extension(SIGNATURE), MAX_SIGNATURE);
        if let Ok(signature) = signature
            && fs::read(&path).map_or(true, |kept| kept != signature)
        {
            replace(&path, &signature)?;
        }
        Ok(())
    }

    /// Writes a page, and removes what no page names any more.
    pub(crate) fn write(&self, slot: &Slot, page: &Page) -> anyhow::Result<()> {
        replace(&self.page_path(slot), &serde_json::to_vec_pretty(page)?)?;
        self.tidy()
    }

    /// A slot whose plugin is gone for good.
    pub(crate) fn forget(&self, slot: &Slot) -> anyhow::Result<()> {
        match fs::remove_file(self.page_path(slot)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => self.tidy(),
        }
    }

    /// Removes what no page names. Where a page cannot be read it is not known what that names, and all is left.
    fn tidy(&self) -> anyhow::Result<()> {
        let (mut named, mut all_known) = (BTreeSet::new(), true);
        for room in ["handlers", "policies"] {
            for file in fs::read_dir(self.directory.join(room))? {
                let path = file?.path();
                if path.extension().is_some_and(|ending| ending == UNFINISHED) {
                    fs::remove_file(&path)?;
                    continue;
                }
                // One that cannot be read is told where it is needed.
                let page = fs::read(&path).ok();
                let page = page.and_then(|bytes| serde_json::from_slice::<Page>(&bytes).ok());
                all_known &= page.is_some();
                let kept = page.into_iter().flat_map(|page| [page.good, page.before]);
                named.extend(kept.flatten().map(|kept| kept.identity.digest.to_string()));
            }
        }
        if !all_known {
            return Ok(());
        }
        for home in fs::read_dir(self.directory.join(COMPONENTS))? {
            let home = home?;
            let name = home.file_name();
            match name.to_str() {
                Some(name) if named.contains(name) => {}
                _ if home.file_type()?.is_dir() => fs::remove_dir_all(home.path())?,
                _ => fs::remove_file(home.path())?,
            }
        }
        Ok(())
    }

    fn page_path(&self, slot: &Slot) -> PathBuf {
        let room = match slot.kind() {
            PluginKind::Handler => "handlers",
            PluginKind::Policy => "policies",
        };
        self.directory
            .join(room)
            .join(format!("{}.json", slot.name()))
    }
}

impl Page {
    /// This serves well from here on.
    pub(crate) fn settle(&mut self, kept: Kept) {
        let same = |good: &Kept| good.identity == kept.identity;
        if !self.good.as_ref().is_some_and(same) {
            self.before = self.good.replace(kept);
        }
        self.refused.clear();
    }

    /// This was taken back; what served before it serves on.
    pub(crate) fn refuse(&mut self, refused: Refused) {
        let same = |good: &Kept| good.identity == refused.identity;
        if self.good.as_ref().is_some_and(same) {
            self.good = self.before.take();
        }
        refuse(&mut self.refused, refused);
    }

    /// This may serve again: somebody wrote its file anew.
    pub(crate) fn admit(&mut self, identity: &Identity) {
        self.refused.retain(|refused| refused.identity != *identity);
    }

    /// The kept version of this identity.
    pub(crate) fn kept(&self, identity: &Identity) -> Option<&Kept> {
        let mut kept = self.good.iter().chain(&self.before);
        kept.find(|kept| kept.identity == *identity)
    }
}

/// One more, the newest last.
pub(crate) fn refuse(all: &mut Vec<Refused>, refused: Refused) {
    all.retain(|known| known.identity != refused.identity);
    all.push(refused);
    let surplus = all.len().saturating_sub(MAX_REFUSED);
    all.drain(..surplus);
}

/// In one step: the old file or the new one is there, whatever happens meanwhile.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let written = || -> io::Result<()> {
        let unfinished = path.with_extension(UNFINISHED);
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        // So that a power cut does not leave a page without its component.
        path.parent().map_or(Ok(()), platform::sync)
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(unix)]
mod platform {
    use std::os::unix::fs::PermissionsExt;

    /// What lies there runs at the next start: nobody else may write there.
    pub(super) fn make_private(directory: &std::path::Path) -> std::io::Result<()> {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
    }

    /// The names in a directory are on the disk.
    pub(super) fn sync(directory: &std::path::Path) -> std::io::Result<()> {
        std::fs::File::open(directory)?.sync_all()
    }
}

#[cfg(not(unix))]
mod platform {
    /// The directory inherits the rights of the data directory.
    pub(super) fn make_private(_: &std::path::Path) -> std::io::Result<()> {
        Ok(())
    }

    /// A directory cannot be opened.
    pub(super) fn sync(_: &std::path::Path) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::candidate::Digest;
    use super::*;

    fn identity(component: &[u8]) -> Identity {
        Identity {
            digest: Digest::of(component),
            settings: "{}".to_owned(),
        }
    }

    fn kept(component: &[u8]) -> Kept {
        Kept {
            identity: identity(component),
            file: "lx200.wasm".to_owned(),
            since: 1.0,
        }
    }

    fn refused(component: &[u8]) -> Refused {
        Refused {
            identity: identity(component),
            stage: Stage::Probation,
            cause: "it traps".to_owned(),
            at: 2.0,
        }
    }

    fn slot() -> Slot {
        Slot::Handler("mount".to_owned())
    }

    fn settle(remembered: &Remembered, page: &mut Page, component: &[u8]) {
        let kept = kept(component);
        let nowhere = Path::new("nowhere");
        remembered.keep(&kept, component, nowhere).unwrap();
        page.settle(kept);
        remembered.write(&slot(), page).unwrap();
    }

    #[test]
    fn two_versions_are_remembered_and_what_no_page_names_is_removed() {
        let home = tempfile::tempdir().unwrap();
        let remembered = Remembered::open(home.path().to_owned()).unwrap();
        let mut page = Page::default();
        for component in [b"one".as_slice(), b"two", b"three"] {
            settle(&remembered, &mut page, component);
        }
        let page = remembered.page(&slot());
        assert_eq!(page.good, Some(kept(b"three")));
        assert_eq!(page.before, Some(kept(b"two")));
        let component = |text: &[u8]| fs::read(remembered.component(&kept(text))).ok();
        assert_eq!(component(b"two").as_deref(), Some(b"two".as_slice()));
        assert_eq!(component(b"one"), None);
        remembered.forget(&slot()).unwrap();
        assert_eq!(remembered.page(&slot()), Page::default());
        assert_eq!(component(b"three"), None);
    }

    #[test]
    fn what_a_host_left_half_written_is_gone_at_the_next_start() {
        let home = tempfile::tempdir().unwrap();
        let remembered = Remembered::open(home.path().to_owned()).unwrap();
        let mut page = Page::default();
        settle(&remembered, &mut page, b"one");
        fs::create_dir(home.path().join("components/00")).unwrap();
        for half in [
            "handlers/mount.new",
            "components/00/lx200.new",
            "components/x",
        ] {
            fs::write(home.path().join(half), "{").unwrap();
        }
        let remembered = Remembered::open(home.path().to_owned()).unwrap();
        assert_eq!(remembered.page(&slot()), page);
        let left = |room: &str| fs::read_dir(home.path().join(room)).unwrap().count();
        assert_eq!((left("handlers"), left(COMPONENTS)), (1, 1));
    }

    #[test]
    fn a_damaged_page_is_taken_for_none() {
        let home = tempfile::tempdir().unwrap();
        let remembered = Remembered::open(home.path().to_owned()).unwrap();
        let mut page = Page::default();
        settle(&remembered, &mut page, b"one");
        fs::write(remembered.page_path(&slot()), "{").unwrap();
        assert_eq!(remembered.page(&slot()), Page::default());
        let remembered = Remembered::open(home.path().to_owned()).unwrap();
        let component = remembered.component(&kept(b"one"));
        assert!(component.exists(), "nobody knows that it is not needed");
    }

    #[test]
    fn what_was_taken_back_is_no_longer_the_good_one() {
        let mut page = Page::default();
        page.settle(kept(b"one"));
        page.settle(kept(b"two"));
        page.refuse(refused(b"two"));
        assert_eq!((&page.good, &page.before), (&Some(kept(b"one")), &None));
        assert_eq!(page.refused, [refused(b"two")]);
        page.settle(kept(b"three"));
        assert_eq!(page.refused, []);
    }

    #[test]
    fn each_of_several_that_were_taken_back_is_remembered_until_it_is_admitted_again() {
        let mut page = Page::default();
        for component in [b"one".as_slice(), b"two", b"one"] {
            page.refuse(refused(component));
        }
        assert_eq!(page.refused, [refused(b"two"), refused(b"one")]);
        page.admit(&identity(b"two"));
        assert_eq!(page.refused, [refused(b"one")]);
        for number in 0..100_u8 {
            page.refuse(refused(&[number]));
        }
        assert_eq!(page.refused.len(), MAX_REFUSED);
    }

    #[test]
    fn a_kept_component_that_is_damaged_is_written_anew() {
        let home = tempfile::tempdir().unwrap();
        let remembered = Remembered::open(home.path().to_owned()).unwrap();
        settle(&remembered, &mut Page::default(), b"one");
        let file = remembered.component(&kept(b"one"));
        fs::write(&file, b"rubbish").unwrap();
        settle(&remembered, &mut Page::default(), b"one");
        assert_eq!(fs::read(&file).unwrap(), b"one");
    }
}
