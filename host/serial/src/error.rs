//! How work on a line fails.

use thiserror::Error;

/// Why a line did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LineError {
    /// The device is not open; the line is trying to open it. Nothing was written.
    #[error("the line is disconnected")]
    Disconnected,
    /// The queue of the line is full. Nothing was written.
    #[error("the line is busy")]
    Busy,
    /// The request is longer than [`MAX_REQUEST`](crate::MAX_REQUEST): its length. Nothing was written.
    #[error("a request of {0} bytes is too long for a line: at most {max}", max = crate::MAX_REQUEST)]
    TooLong(usize),
    /// The request was not taken, or the reply did not end, in time: the bytes that came. The hardware may have acted.
    #[error("no complete reply in time: {} bytes came", .0.len())]
    Timeout(Vec<u8>),
    /// A stop came in after this was asked. The hardware may have acted.
    #[error("stopped")]
    Stopped,
    /// The device failed after the first byte was written: how. The hardware may have acted.
    #[error("the line failed during the exchange: {0}")]
    Interrupted(String),
    /// The hold ran out. What was written during it, the hardware may have acted on.
    #[error("the hold of the line ran out")]
    Expired,
}

/// What an error says about the hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was written.
    NotStarted,
    /// Something may have been written, and the hardware may have acted on it.
    Indeterminate,
}

impl LineError {
    /// Whether the hardware may have acted.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Disconnected | Self::Busy | Self::TooLong(_) => Outcome::NotStarted,
            Self::Timeout(_) | Self::Stopped | Self::Interrupted(_) | Self::Expired => {
                Outcome::Indeterminate
            }
        }
    }
}
