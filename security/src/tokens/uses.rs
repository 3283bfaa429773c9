//! When each token was used last: a file of its own beside the tokens', so that a client that comes never rewrites those.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::set::TokenSet;
use crate::platform;
use crate::read::read_regular;
use crate::write::{Readers, put};

/// The longest file that is read: of more tokens than there can be.
const MOST: u64 = 1 << 20;

/// The last use of each token, by id.
#[derive(Debug)]
pub struct TokenUses {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: BTreeMap<String, Timestamp>,
    is_saved: bool,
}

impl TokenUses {
    /// The file that belongs to the tokens at a path.
    #[must_use]
    pub fn beside(tokens: &Path) -> PathBuf {
        tokens.with_file_name("security").join("token_uses.json")
    }

    /// As the file at `path` has it; one that is missing or broken holds none: it is for people alone.
    #[must_use]
    pub fn open(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let state = State {
            last: Self::read(&path).unwrap_or_default(),
            is_saved: true,
        };
        Self {
            path,
            state: Mutex::new(state),
        }
    }

    /// What a file says, for who lists tokens; none where there is no such file.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(path: &Path) -> io::Result<BTreeMap<String, Timestamp>> {
        let bytes = match read_regular(path, MOST) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            bytes => bytes?,
        };
        let texts: BTreeMap<String, String> = serde_json::from_slice(&bytes)?;
        let parsed = texts
            .into_iter()
            .map(|(id, time)| Ok((id, time.parse().map_err(io::Error::other)?)));
        parsed.collect()
    }

    /// The token is used now.
    pub fn note(&self, id: &str, now: Timestamp) {
        let mut state = self.state();
        state.is_saved = false;
        match state.last.get_mut(id) {
            Some(last) => *last = now,
            None => drop(state.last.insert(id.to_owned(), now)),
        }
    }

    /// When the token was used last, where that is known.
    #[must_use]
    pub fn last(&self, id: &str) -> Option<Timestamp> {
        self.state().last.get(id).copied()
    }

    /// Writes down what is new, of the tokens that there are. Blocks for as long as the disk does.
    ///
    /// # Errors
    /// The file cannot be written; the next time tries again.
    pub fn save(&self, tokens: &TokenSet) -> io::Result<()> {
        let text = {
            let mut state = self.state();
            if state.is_saved {
                return Ok(());
            }
            state.is_saved = true;
            state.last.retain(|id, _| tokens.get(id).is_some());
            let times = state.last.iter();
            let times: Map<String, Value> = times
                .map(|(id, time)| (id.clone(), format!("{time:.0}").into()))
                .collect();
            format!("{:#}\n", Value::Object(times))
        };
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let saved = platform::create_private_directory(directory)
            .and_then(|()| put(&self.path, text.as_bytes(), Readers::Owner));
        if saved.is_err() {
            self.state().is_saved = false;
        }
        saved
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before its guard goes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bounds, TokenFile};
    use super::*;

    #[test]
    fn the_last_use_is_kept_of_tokens_that_there_are() {
        let directory = tempfile::tempdir().unwrap();
        let file = TokenFile::new(directory.path().join("api_tokens.json"));
        let (_, record) = file.generate("n", "t", &Bounds::default()).unwrap();
        let path = TokenUses::beside(file.path());
        let uses = TokenUses::open(&path);
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        uses.note(&record.id, time("2026-11-27T22:00:00Z"));
        uses.note(&record.id, time("2026-11-27T23:00:00Z"));
        uses.note("revoked1", time("2026-11-27T23:00:00Z"));
        uses.save(&file.read().unwrap()).unwrap();
        let kept = TokenUses::read(&path).unwrap();
        assert_eq!(
            kept,
            BTreeMap::from([(record.id, time("2026-11-27T23:00:00Z"))])
        );
    }

    #[test]
    fn a_broken_file_is_told_to_who_lists_and_does_not_keep_a_host_from_starting() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("uses.json");
        std::fs::write(&path, "{").unwrap();
        assert!(TokenUses::read(&path).is_err());
        let uses = TokenUses::open(&path);
        uses.note("abcd1234", Timestamp::UNIX_EPOCH);
        uses.save(&TokenSet::default()).unwrap();
        assert_eq!(TokenUses::read(&path).unwrap(), BTreeMap::new());
    }
}
