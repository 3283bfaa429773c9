//! `NAME.wasm.sig`: the public key and the signature, both in Base64, with a space between.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::key::bytes;
use super::line::{Digest, line, name_of};
use super::{Component, PublicKey, SecretKey, Untrusted};
use crate::read::read_regular;
use crate::write::{Readers, put};

/// Such a file is not longer, in bytes.
const MAX_FILE: u64 = 1024;

/// Who signed, and the signature of the [line](super::line()) of a component.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    key: PublicKey,
    bytes: [u8; 64],
}

impl Signature {
    /// Of a component with this name and digest.
    #[must_use]
    pub fn of(digest: Digest, name: &str, key: &SecretKey) -> Self {
        Self {
            key: key.public(),
            bytes: key.sign(&line(digest, name)),
        }
    }

    fn fits(&self, component: &Component<'_>) -> bool {
        let signed = line(component.digest, &component.name());
        self.key.verifies(&signed, self.bytes)
    }
}

impl FromStr for Signature {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (key, signature) = text.trim().split_once(' ').ok_or(())?;
        Ok(Self {
            key: key.parse().map_err(drop)?,
            bytes: bytes(signature).ok_or(())?,
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "{} {}", self.key, BASE64.encode(self.bytes))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "Signature({self})")
    }
}

/// Where the signature of the component at this path is.
#[must_use]
pub fn signature_beside(component: &Path) -> PathBuf {
    component.with_added_extension("sig")
}

/// Signs the component at this path, of which this was read, in the file beside it.
///
/// # Errors
/// That file cannot be written.
pub fn sign(component: &Path, digest: Digest, key: &SecretKey) -> io::Result<PathBuf> {
    let signature = Signature::of(digest, &name_of(component), key);
    let file = signature_beside(component);
    put(&file, format!("{signature}\n").as_bytes(), Readers::All)?;
    Ok(file)
}

pub(super) fn judge(component: &Component<'_>, keys: &[PublicKey]) -> Result<(), Untrusted> {
    let file = signature_beside(component.path);
    let signature = read(&file, component.path)?;
    if !keys.contains(&signature.key) {
        let key = signature.key;
        return Err(Untrusted::UnknownKey { file, key });
    }
    match signature.fits(component) {
        true => Ok(()),
        false => Err(Untrusted::Misfit {
            file,
            name: component.name(),
        }),
    }
}

fn read(file: &Path, component: &Path) -> Result<Signature, Untrusted> {
    let text = read_regular(file, MAX_FILE).map_err(|why| {
        let file = file.to_owned();
        match why.kind() {
            io::ErrorKind::NotFound => Untrusted::Unsigned {
                file,
                component: component.to_owned(),
            },
            _ => Untrusted::Unseen { path: file, why },
        }
    })?;
    let whole = (text.len() as u64 <= MAX_FILE).then_some(text);
    let text = whole.and_then(|text| String::from_utf8(text).ok());
    let signature = text.and_then(|text| text.parse().ok());
    signature.ok_or_else(|| Untrusted::Garbled(file.to_owned()))
}
