//! Which components may run: those that nobody else could have put there, those whose digest is listed, or those that are
//! signed. What is judged is what was read: its digest, and the file that it was read from.
//!
//! A digest and a signature are of a component under its file's name, so that whoever may rename files cannot make the policy
//! of one client type that of another. Both are of the line that `sha256sum NAME` prints: see [`line()`].

mod digests;
mod error;
mod key;
mod line;
mod ownership;
mod signature;

use std::fs::Metadata;
use std::path::{Path, PathBuf};

pub use digests::DigestList;
pub use error::{KeyError, Untrusted};
pub use key::{PublicKey, SecretKey};
pub use line::{Digest, line};
pub use signature::{Signature, sign, signature_beside};

/// What makes a component one that may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Nobody but root and the host's own user could have put it there.
    Owner,
    /// Its digest is in this list.
    Digests(PathBuf),
    /// It is signed with one of these keys.
    Keys(Vec<PublicKey>),
}

/// A component that was read.
#[derive(Clone, Copy, Debug)]
pub struct Component<'a> {
    /// Where its file is.
    pub path: &'a Path,
    /// SHA-256 of what was read.
    pub digest: Digest,
    /// Of the open file that was read, not of what is at the path by now.
    pub file: &'a Metadata,
}

/// How somebody else may decide what a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// It belongs to neither this user nor root.
    Owner { owner: u32, me: u32 },
    /// This mode lets others write.
    Mode(u32),
}

impl Requirement {
    /// Whether a component may run. Blocks for as long as its file system does.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn judge(&self, component: &Component<'_>) -> Result<(), Untrusted> {
        match self {
            Requirement::Owner => ownership::judge(component),
            Requirement::Digests(list) => DigestList::at(list).judge(component),
            Requirement::Keys(keys) => signature::judge(component, keys),
        }
    }
}

impl Component<'_> {
    /// The name that it is listed or signed under.
    fn name(&self) -> String {
        line::name_of(self.path)
    }
}
