//! What can go wrong with `api_tokens.json`, in words that name it and the next step.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::record::MAX_NAME;

/// Why the file could not be read or changed. No variant holds a token.
#[derive(Debug, Error)]
pub enum TokenFileError {
    /// There is none.
    #[error("there is no {}; `slewgate token generate` makes it", .0.display())]
    Missing(PathBuf),
    /// Somebody else may have written it, or it is not a plain file, or too large.
    #[error("{} is refused: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The system would not read it.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// It is not JSON, or not an object.
    #[error("{} is not an object in JSON (line {line}, column {column})", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// Where, counted from 1.
        column: usize,
    },
    /// The system would not write it.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Another program is changing it and does not end.
    #[error("another program is changing {}; try again", .0.display())]
    Locked(PathBuf),
    /// The name of a new token is no name.
    #[error("the name must be 1 to {MAX_NAME} characters without control characters")]
    Name,
    /// The client type of a new token is none.
    #[error("the client type must be 1 to 32 characters of a-z, 0-9 and -")]
    ClientType,
    /// There is nothing to revoke.
    #[error("no token has the id {0}; `slewgate token list` shows the ids")]
    UnknownId(String),
    /// There is nothing to revoke; what was given is not repeated, because it may be a token.
    #[error("that is no known token and no id; `slewgate token list` shows the ids")]
    UnknownToken,
    /// What was given is the text of one token and the id of another.
    #[error("that is the text of token {0} and the id of another; edit the file by hand")]
    Ambiguous(String),
    /// No randomness for a new token.
    #[error("the system has no randomness to give: {0}")]
    Randomness(String),
}
