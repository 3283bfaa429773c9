//! A component as `sha256sum` names it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a component; its text is 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(text, "{byte:02x}"))
    }
}

impl FromStr for Digest {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(());
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(drop)?;
            *byte = u8::from_str_radix(digits, 16).map_err(drop)?;
        }
        Ok(Self(bytes))
    }
}

/// The line that `sha256sum NAME` prints of a file, with its end: what a list holds, and what is signed.
#[must_use]
pub fn line(digest: Digest, name: &str) -> String {
    format!("{digest}  {name}\n")
}

/// The digest and the name of such a line. Of a path its last part is the name, as components lie in one directory.
pub(super) fn parse(line: &str) -> Option<(Digest, &str)> {
    let (digest, rest) = line.split_once(' ')?;
    // A second space says text, a star binary: a file's bytes are the same here.
    let path = rest.strip_prefix([' ', '*'])?;
    let name = path.rsplit('/').next()?;
    Some((digest.parse().ok()?, name)).filter(|(_, name)| !name.is_empty())
}

/// A file's name.
pub(super) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
