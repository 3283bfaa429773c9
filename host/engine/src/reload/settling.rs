//! Files that changed are left alone until nobody writes to them any more.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::candidate::Sight;
use super::slot::ComponentFile;

/// Files that changed lately. Its length is bounded by that of the slots.
#[derive(Debug)]
pub(crate) struct Settling {
    quiet: Duration,
    files: BTreeMap<ComponentFile, Unsettled>,
}

#[derive(Debug)]
struct Unsettled {
    since: Instant,
    sight: Sight,
    retry: Retry,
}

/// What of a file's past does not count any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Retry {
    /// All counts: what failed is not tried again.
    Nothing,
    /// What failed is tried again, but not what was taken back: it may be different now.
    Failed,
    /// It was written anew: somebody wants it tried.
    All,
}

/// What a second look at a file said.
#[derive(Debug, PartialEq)]
pub(crate) enum Stable {
    /// It changed meanwhile, or was touched: wait on.
    NotYet,
    /// Nothing happened to it for long enough.
    Yes { retry: Retry },
}

impl Settling {
    pub(crate) fn new(quiet: Duration) -> Settling {
        Settling {
            quiet,
            files: BTreeMap::new(),
        }
    }

    /// A file changed, or may have: it looked like this.
    pub(crate) fn touch(&mut self, file: ComponentFile, sight: Sight, retry: Retry, now: Instant) {
        let before = self.files.get(&file).map(|file| file.retry);
        let unsettled = Unsettled {
            since: now,
            sight,
            retry: before.map_or(retry, |before| before.max(retry)),
        };
        self.files.insert(file, unsettled);
    }

    /// A file is to be compared, though nothing was heard of it. It changes nothing for one that is waited for already.
    pub(crate) fn suspect(&mut self, file: ComponentFile, sight: Sight, now: Instant) {
        self.files.entry(file).or_insert(Unsettled {
            since: now,
            sight,
            retry: Retry::Nothing,
        });
    }

    /// Whether it is waited for already.
    pub(crate) fn knows(&self, file: &ComponentFile) -> bool {
        self.files.contains_key(file)
    }

    /// Files to look at again.
    pub(crate) fn due(&self, now: Instant) -> Vec<ComponentFile> {
        let quiet = self
            .files
            .iter()
            .filter(|(_, file)| now >= file.since + self.quiet);
        quiet.map(|(name, _)| name.clone()).collect()
    }

    /// When a file is due next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.files
            .values()
            .map(|file| file.since + self.quiet)
            .min()
    }

    /// A file that was due looks like this.
    pub(crate) fn look(&mut self, file: &ComponentFile, sight: Sight, now: Instant) -> Stable {
        match self.files.get_mut(file) {
            Some(known) if known.sight == sight && now >= known.since + self.quiet => {
                let retry = known.retry;
                self.files.remove(file);
                Stable::Yes { retry }
            }
            Some(known) => {
                if known.sight != sight {
                    (known.sight, known.since) = (sight, now);
                }
                Stable::NotYet
            }
            None => Stable::NotYet,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
