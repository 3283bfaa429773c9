//! What can be wrong with the file of what plugins keep.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why it cannot be used, in words that name it and the next step.
#[derive(Debug, Error)]
pub enum StateError {
    /// Another program has it open.
    #[error("another program uses {}; end the host that runs on this directory first", .0.display())]
    InUse(PathBuf),
    /// It is no database, or a damaged one.
    #[error("{} is damaged: {why}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// How that showed.
        why: String,
    },
    /// The system would not open, read or write it.
    #[error("cannot use {}: {why}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        why: String,
    },
    /// It has nothing of that plugin.
    #[error(
        "nothing is kept for {plugin:?}; there is something of {}",
        listed(known)
    )]
    Unknown {
        /// Who was asked for.
        plugin: String,
        /// Whose notes there are.
        known: Vec<String>,
    },
}

impl StateError {
    /// Of what the database says.
    pub(super) fn of(path: &std::path::Path, error: redb::Error) -> StateError {
        let path = path.to_owned();
        let why = error.to_string();
        match error {
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
                StateError::InUse(path)
            }
            redb::Error::Io(error) if !is_of_contents(&error) => StateError::Unusable { path, why },
            // After a failure it answers only this.
            redb::Error::PreviousIo => StateError::Unusable { path, why },
            _ => StateError::Broken { path, why },
        }
    }

    /// The thread that has the file does not come to it.
    pub(super) fn late(path: &std::path::Path) -> StateError {
        StateError::Unusable {
            path: path.to_owned(),
            why: "the disk takes too long".to_owned(),
        }
    }

    pub(super) fn unusable(path: &std::path::Path, error: &io::Error) -> StateError {
        StateError::Unusable {
            path: path.to_owned(),
            why: error.to_string(),
        }
    }
}

/// Whether the system read what was there, and that was not enough.
fn is_of_contents(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    )
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "no plugin".to_owned(),
        names => names.join(", "),
    }
}
