//! `api_tokens.json`: reading it with suspicion, changing it without breaking it.

use std::fs::File;
use std::io::{self, Read as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::entries::Entries;
use super::file_error::TokenFileError;
use super::record::{TokenRecord, valid_client_type, valid_name};
use super::set::TokenSet;
use super::token::{Token, valid_id};
use crate::admission::Network;
use crate::platform;
use crate::write::WriteLock;

/// The largest file that is read, in bytes: some 4,000 tokens.
pub const MAX_FILE: u64 = 1 << 20;

/// The file of tokens at a path; it may be absent.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
}

/// How far a new token goes; the default has no bounds of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// It is good for so long from now on; none: until it is revoked.
    pub lifetime: Option<Duration>,
    /// It is good only from these networks; none: from everywhere.
    pub networks: Option<Vec<Network>>,
    /// Its own limit, instead of the host's.
    pub requests_per_minute: Option<NonZeroU32>,
}

/// What became of the tokens that people wrote in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// So many were replaced by their hashes.
    pub sealed: usize,
    /// Bad entries, each by its place and name, whose keys stay as they were written.
    pub left: Vec<String>,
}

impl Bounds {
    /// Good for so long, and from everywhere.
    #[must_use]
    pub fn lasting(lifetime: Duration) -> Self {
        Self {
            lifetime: Some(lifetime),
            ..Self::default()
        }
    }
}

impl TokenFile {
    /// The file at `path`, usually `api_tokens.json` in the data directory.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it whole. One that others could read is set to 0600 and listed as a problem.
    ///
    /// # Errors
    /// When it is missing, refused, unreadable or not JSON. Bad entries are no error: they are
    /// skipped and named in [`TokenSet::problems`].
    pub fn read(&self) -> Result<TokenSet, TokenFileError> {
        let text = self.read_text()?;
        self.parse(&text)
    }

    /// The tokens for people to look at: a missing file holds none.
    ///
    /// # Errors
    /// As [`TokenFile::read`].
    pub fn list(&self) -> Result<TokenSet, TokenFileError> {
        match self.read() {
            Err(TokenFileError::Missing(_)) => Ok(TokenSet::default()),
            other => other,
        }
    }

    /// Makes a token and writes its entry.
    ///
    /// # Errors
    /// When name or client type are not ones, or the file cannot be read or written: a broken file
    /// is never replaced.
    pub fn generate(
        &self,
        name: &str,
        client_type: &str,
        bounds: &Bounds,
    ) -> Result<(Token, TokenRecord), TokenFileError> {
        if !valid_name(name) {
            return Err(TokenFileError::Name);
        }
        if !valid_client_type(client_type) {
            return Err(TokenFileError::ClientType);
        }
        self.change(|entries| {
            let token = new_token(&entries.to_set())?;
            let record = new_record(&token, name.trim(), client_type, bounds);
            entries
                .add(&record)
                .map_err(|error| self.cannot_write(error.into()))?;
            Ok((token, record))
        })
    }

    /// Makes a token to take the place of another, with the same name, type, networks, limit and
    /// lifetime. The old one stays good for `overlap`, so that its client can change over.
    ///
    /// # Errors
    /// When there is no such token, or the file cannot be read or written.
    pub fn rotate(
        &self,
        token_or_id: &str,
        overlap: Duration,
    ) -> Result<(Token, TokenRecord), TokenFileError> {
        self.change(|entries| {
            let known = entries.to_set();
            let old = find(&known, token_or_id.trim())?;
            let token = new_token(&known)?;
            let record = successor(&token, &old);
            let end = later(now(), overlap);
            let end = old.expires.map_or(end, |expires| expires.min(end));
            entries
                .set_field(old.hash, "expires", &end.to_string())
                .and_then(|()| entries.add(&record))
                .map_err(|error| self.cannot_write(error.into()))?;
            Ok((token, record))
        })
    }

    /// Replaces the text of every good token that people wrote by hand by its hash. The tokens stay
    /// good, and keep their ids. Bad entries are left alone, because nobody knows what their key is,
    /// and told.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn seal(&self) -> Result<Sealed, TokenFileError> {
        self.change(|entries| {
            let known = entries.to_set();
            let seal = |record: &TokenRecord| entries.seal(record);
            let sealed: Result<Vec<usize>, _> = known.list().iter().map(seal).collect();
            let sealed = sealed.map_err(|error| self.cannot_write(error.into()))?;
            Ok(Sealed {
                sealed: sealed.into_iter().sum(),
                left: entries.in_clear(),
            })
        })
    }

    /// Takes away the token with this text or id.
    ///
    /// # Errors
    /// When there is none, or the file cannot be read or written.
    pub fn revoke(&self, token_or_id: &str) -> Result<TokenRecord, TokenFileError> {
        self.change(|entries| {
            let record = find(&entries.to_set(), token_or_id.trim())?;
            entries.remove(record.hash);
            Ok(record)
        })
    }

    /// The file's bytes, from a file that can be relied on; what was put right is told.
    pub(crate) fn read_text(&self) -> Result<FileText, TokenFileError> {
        let file =
            platform::open_without_links(&self.path).map_err(|error| self.cannot_open(error))?;
        let problem = self.examine(&file)?;
        let mut bytes = Vec::new();
        // One byte more than allowed: it may have grown since it was looked at.
        file.take(MAX_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| self.cannot_read(error))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(self.refuse(too_large()));
        }
        Ok(FileText { bytes, problem })
    }

    pub(crate) fn parse(&self, text: &FileText) -> Result<TokenSet, TokenFileError> {
        let mut set = self.entries(&text.bytes)?.to_set();
        if let Some(problem) = &text.problem {
            set.note(problem.clone());
        }
        Ok(set)
    }

    fn entries(&self, bytes: &[u8]) -> Result<Entries, TokenFileError> {
        // The parser's own words may quote what it met, and that may be a token.
        Entries::parse(bytes).map_err(|error| TokenFileError::Json {
            path: self.path.clone(),
            line: error.line(),
            column: error.column(),
        })
    }

    fn examine(&self, file: &File) -> Result<Option<String>, TokenFileError> {
        let metadata = file.metadata().map_err(|error| self.cannot_read(error))?;
        if !metadata.is_file() {
            return Err(self.refuse("it is not a plain file".into()));
        }
        if metadata.len() > MAX_FILE {
            return Err(self.refuse(too_large()));
        }
        if let Some(reason) = platform::not_trusted(&metadata) {
            return Err(self.refuse(reason));
        }
        let mode = platform::make_private(file).map_err(|error| self.cannot_read(error))?;
        let told = |mode| {
            let path = self.path.display();
            format!("{path} could be read by others (mode {mode:04o}); it is 0600 now")
        };
        Ok(mode.map(told))
    }

    /// Reads, changes and replaces the file under its lock; an error leaves it as it was.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Entries) -> Result<T, TokenFileError>,
    ) -> Result<T, TokenFileError> {
        let lock = WriteLock::take(&self.path).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => TokenFileError::Locked(self.path.clone()),
            _ => self.cannot_write(error),
        })?;
        let mut entries = match self.read_text() {
            Ok(text) => self.entries(&text.bytes)?,
            Err(TokenFileError::Missing(_)) => Entries::default(),
            Err(error) => return Err(error),
        };
        let outcome = change(&mut entries)?;
        let text = entries
            .to_text()
            .map_err(|error| self.cannot_write(error.into()))?;
        if text.len() as u64 > MAX_FILE {
            return Err(self.refuse("it would be larger than 1 MiB; revoke tokens".into()));
        }
        lock.replace(text.as_bytes())
            .map_err(|error| self.cannot_write(error))?;
        Ok(outcome)
    }

    fn cannot_open(&self, error: io::Error) -> TokenFileError {
        match error.kind() {
            io::ErrorKind::NotFound => TokenFileError::Missing(self.path.clone()),
            _ if platform::is_a_link(&error) => {
                self.refuse("it is a symbolic link; put the file itself there".into())
            }
            _ => self.cannot_read(error),
        }
    }

    fn cannot_read(&self, source: io::Error) -> TokenFileError {
        TokenFileError::Read {
            path: self.path.clone(),
            source,
        }
    }

    fn cannot_write(&self, source: io::Error) -> TokenFileError {
        TokenFileError::Write {
            path: self.path.clone(),
            source,
        }
    }

    fn refuse(&self, reason: String) -> TokenFileError {
        TokenFileError::Refused {
            path: self.path.clone(),
            reason,
        }
    }
}

/// What was read, before it is understood.
pub(crate) struct FileText {
    pub(crate) bytes: Vec<u8>,
    /// What was put right.
    pub(crate) problem: Option<String>,
}

impl FileText {
    /// Tells one text from another.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }
}

fn too_large() -> String {
    "it is larger than 1 MiB".into()
}

/// Another one, should its id be taken already.
fn new_token(known: &TokenSet) -> Result<Token, TokenFileError> {
    loop {
        let token =
            Token::generate().map_err(|error| TokenFileError::Randomness(error.to_string()))?;
        if known.get(token.id()).is_none() {
            return Ok(token);
        }
    }
}

fn new_record(token: &Token, name: &str, client_type: &str, bounds: &Bounds) -> TokenRecord {
    let created = now();
    TokenRecord {
        id: token.id().to_owned(),
        client_type: client_type.to_owned(),
        name: name.to_owned(),
        created: Some(created),
        expires: bounds.lifetime.map(|lifetime| later(created, lifetime)),
        not_before: None,
        networks: bounds.networks.clone(),
        requests_per_minute: bounds.requests_per_minute,
        hash: token.hash(),
    }
}

fn successor(token: &Token, old: &TokenRecord) -> TokenRecord {
    let begun = old.created.zip(old.expires);
    let lifetime = begun.map(|(created, expires)| expires.duration_since(created).unsigned_abs());
    let bounds = Bounds {
        lifetime,
        networks: old.networks.clone(),
        requests_per_minute: old.requests_per_minute,
    };
    new_record(token, &old.name, &old.client_type, &bounds)
}

/// The time in whole seconds: the file is for people too.
#[expect(
    clippy::disallowed_methods,
    reason = "the program makes tokens without a host, and so without the host's clock"
)]
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn find(set: &TokenSet, token_or_id: &str) -> Result<TokenRecord, TokenFileError> {
    let by_text = set.knows(token_or_id);
    let by_id = set.get(token_or_id);
    match (by_text, by_id) {
        (Some(one), Some(other)) if one.hash != other.hash => {
            Err(TokenFileError::Ambiguous(one.id.clone()))
        }
        (Some(record), _) | (None, Some(record)) => Ok(record.clone()),
        (None, None) if valid_id(token_or_id) => Err(TokenFileError::UnknownId(token_or_id.into())),
        (None, None) => Err(TokenFileError::UnknownToken),
    }
}
