use thiserror::Error;

/// Why a configuration cannot be used: the first thing found. The program ends with 64 on it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{place}: {sentence}")]
pub struct ConfigError {
    /// `FILE:LINE`, the name of the file, or the name of an environment variable.
    pub place: String,
    /// What is wrong, and what would be right.
    pub sentence: String,
}

impl ConfigError {
    /// An error at `place`.
    pub fn new(place: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            sentence: sentence.into(),
        }
    }
}
