//! `trusted.txt`: digests of the components that may run, as `sha256sum` prints them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::line::{Digest, line, name_of, parse};
use super::{Component, Hold, Untrusted};
use crate::platform;
use crate::write::WriteLock;

/// The largest list that is read, in bytes: some 10,000 components.
const MAX_LIST: u64 = 1 << 20;

/// How a list begins that this program made.
const HEADER: &str = "# Components that may run, each as sha256sum prints it. `slewgate plugin trust FILE` adds a line.\n";

/// The list at a path; it may be absent.
#[derive(Clone, Debug)]
pub struct DigestList<'a> {
    path: &'a Path,
}

impl<'a> DigestList<'a> {
    /// The list at `path`.
    #[must_use]
    pub fn at(path: &'a Path) -> Self {
        Self { path }
    }

    pub(super) fn judge(&self, component: &Component<'_>) -> Result<(), Untrusted> {
        let Some(text) = self.read()? else {
            return Err(Untrusted::NoList(self.path.to_owned()));
        };
        let (name, digest) = (component.name(), component.digest);
        let known = self.parse(&text)?;
        let mut same = known.iter().filter(|(known, _)| *known == digest);
        let unlisted = |listed_as: Option<String>| Untrusted::Unlisted {
            path: component.path.to_owned(),
            digest,
            list: self.path.to_owned(),
            listed_as,
        };
        match same.clone().any(|(_, listed)| *listed == name) {
            true => Ok(()),
            false => Err(unlisted(
                same.next().map(|(_, listed)| (*listed).to_owned()),
            )),
        }
    }

    /// Adds the components at these paths, with the digests of what was read of them; answers those that were not listed yet.
    ///
    /// # Errors
    /// The list cannot be relied on, understood or written: it stays as it is.
    pub fn add(&self, components: &[(PathBuf, Digest)]) -> Result<Vec<PathBuf>, Untrusted> {
        let lock = WriteLock::take(self.path).map_err(|error| self.unusable(error))?;
        let mut text = self.read()?.unwrap_or_else(|| HEADER.to_owned());
        let mut added = Vec::new();
        for (path, digest) in components {
            let name = name_of(path);
            if !self.parse(&text)?.contains(&(*digest, &name)) {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&line(*digest, &name));
                added.push(path.clone());
            }
        }
        if !added.is_empty() {
            lock.replace_for_all(text.as_bytes())
                .map_err(|error| self.unusable(error))?;
        }
        Ok(added)
    }

    fn parse<'t>(&self, text: &'t str) -> Result<Vec<(Digest, &'t str)>, Untrusted> {
        let lines = text.lines().enumerate();
        let said = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let digests = said.map(|(number, line)| {
            parse(line).ok_or_else(|| {
                self.because(format!(
                    "line {} is not a digest, two spaces and a file's name, as sha256sum prints it",
                    number + 1
                ))
            })
        });
        digests.collect()
    }

    /// None where there is no list.
    fn read(&self) -> Result<Option<String>, Untrusted> {
        let file = match platform::open_without_links(self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if platform::is_a_link(&error) => {
                return Err(self.because("it is a symbolic link; put the file itself there".into()));
            }
            opened => opened.map_err(|error| self.unusable(error))?,
        };
        self.examine(&file)?;
        let mut text = String::new();
        file.take(MAX_LIST)
            .read_to_string(&mut text)
            .map_err(|error| self.unusable(error))?;
        Ok(Some(text))
    }

    fn examine(&self, file: &File) -> Result<(), Untrusted> {
        let found = file.metadata().map_err(|error| self.unusable(error))?;
        if !found.is_file() {
            return Err(self.because("it is no regular file".into()));
        }
        if found.len() > MAX_LIST {
            return Err(self.because("it is larger than 1 MiB; take out old lines".into()));
        }
        let path = self.path.to_owned();
        match platform::others_hold(&found) {
            None => Ok(()),
            Some(Hold::Mode(mode)) => Err(Untrusted::Writable { path, mode }),
            Some(Hold::Owner { owner, me }) => Err(Untrusted::Owner { path, owner, me }),
        }
    }

    fn unusable(&self, error: io::Error) -> Untrusted {
        let why = match error.kind() {
            io::ErrorKind::TimedOut => "another program is changing it; try again".to_owned(),
            io::ErrorKind::InvalidData => "it is no text".to_owned(),
            _ => error.to_string(),
        };
        self.because(why)
    }

    fn because(&self, why: String) -> Untrusted {
        Untrusted::List {
            path: self.path.to_owned(),
            why,
        }
    }
}
