//! What goes back over the line.

/// The reply to a command. Each character goes out as the byte of its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing at all.
    Silent,
    /// As it is, without `#`: what is done or not, and a few texts of a known length.
    Bare(String),
    /// Up to a `#`.
    Text(String),
}

impl Answer {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// `1` or `0`.
    pub(super) fn flag(yes: bool) -> Self {
        Self::Bare(if yes { "1" } else { "0" }.to_owned())
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Silent => Vec::new(),
            Self::Bare(text) => bytes(text),
            Self::Text(text) => bytes(&format!("{text}#")),
        }
    }

    /// The answer to a frame with a checksum: what there is to say, its own checksum, and the frame's sequence character.
    pub(super) fn checked(&self, sequence: &str) -> Vec<u8> {
        let text = match self {
            Self::Silent => "",
            Self::Bare(text) | Self::Text(text) => text,
        };
        bytes(&format!("{text}{:02X}{sequence}#", checksum(text)))
    }
}

/// The sum of the bytes, as far as one byte holds it.
pub(super) fn checksum(text: &str) -> u8 {
    bytes(text).into_iter().fold(0, u8::wrapping_add)
}

fn bytes(text: &str) -> Vec<u8> {
    // Everything written here is below 256.
    text.chars().map(|c| c as u8).collect()
}
