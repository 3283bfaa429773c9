//! Why a component may not run, and what is wrong with a key: in words that name it and the next step.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::line::name_of;
use super::{Digest, PublicKey};

/// Why a component may not run.
#[derive(Debug, Error)]
pub enum Untrusted {
    /// Others may write the file, its directory, or the list.
    #[error("{} is writable by others (mode {mode:04o}); see that what is there is yours, then chmod go-w {}", path.display(), path.display())]
    Writable {
        /// The file or directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is somebody else's.
    #[error("{} belongs to user id {owner}, neither to {me} that runs this nor to root; see what it is, then chown {me} {}", path.display(), path.display())]
    Owner {
        /// The file or directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        me: u32,
    },
    /// The system would not show it.
    #[error("cannot see {}: {why}", path.display())]
    Unseen {
        /// The file or directory.
        path: PathBuf,
        /// The system's word.
        why: io::Error,
    },
    /// Digests are asked for, and there is no list.
    #[error("there is no {}; `slewgate plugin trust FILE` makes it", .0.display())]
    NoList(PathBuf),
    /// The list cannot be used.
    #[error("cannot use {}: {why}", path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It is not in the list.
    #[error("its digest {digest} {} in {}; if it is to run, `slewgate plugin trust {}`", listed(path, listed_as.as_deref()), list.display(), path.display())]
    Unlisted {
        /// The component's file.
        path: PathBuf,
        /// Its digest.
        digest: Digest,
        /// The list.
        list: PathBuf,
        /// A name under which it is listed.
        listed_as: Option<String>,
    },
    /// There is no signature beside it.
    #[error("it is not signed: there is no {}; `slewgate plugin sign {} --key KEYFILE` makes it", file.display(), component.display())]
    Unsigned {
        /// Where it would be.
        file: PathBuf,
        /// The component's file.
        component: PathBuf,
    },
    /// What is beside it is no signature.
    #[error("{} is no signature: not a public key and a signature in Base64; sign the component again", .0.display())]
    Garbled(PathBuf),
    /// Somebody signed it who is not trusted.
    #[error("{} is by the key {key}, which is not in [trust] keys; sign the component with one that is", file.display())]
    UnknownKey {
        /// The signature.
        file: PathBuf,
        /// Its key.
        key: PublicKey,
    },
    /// A trusted key signed something else.
    #[error("{} is no signature of this {name}, but of another name or version, or it was changed; sign the component again", file.display())]
    Misfit {
        /// The signature.
        file: PathBuf,
        /// The component's name.
        name: String,
    },
}

fn listed(path: &Path, listed_as: Option<&str>) -> String {
    match listed_as {
        Some(other) => format!("is that of {other}, not of {},", name_of(path)),
        None => "is not".to_owned(),
    }
}

/// What is wrong with a key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// That is no public key.
    #[error(
        "that is no public key, which is 44 characters of Base64; `slewgate plugin keygen` makes one"
    )]
    NotPublic,
    /// That file holds no secret key.
    #[error("{} holds no secret key, which is 44 characters of Base64; `slewgate plugin keygen` makes one", .0.display())]
    NotSecret(PathBuf),
    /// Who can read it can sign.
    #[error("others can read the key {} (mode {mode:04o}) and may have; make a new one, or chmod 600 it if nobody did", path.display())]
    Shared {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The system would not read it.
    #[error("cannot read the key {}: {why}; name the file that `slewgate plugin keygen` made", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        why: io::Error,
    },
    /// The file is there already: what it holds may be what others trust.
    #[error("{} is there already, and may be a key that hosts trust; name a file that is not there yet", .0.display())]
    There(PathBuf),
    /// The system would not write it.
    #[error("cannot write the key {}: {why}; name a file in a directory that is there and that you may write", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's word.
        why: io::Error,
    },
    /// No randomness for a new key.
    #[error("the system has no randomness to give: {0}")]
    Randomness(String),
}
