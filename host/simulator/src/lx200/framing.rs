//! Bytes to commands.

use super::answer::checksum;

/// What arrives between two moments of rest on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// 0x06 between commands: asks how the mount is aligned.
    Ack,
    /// `#` without a command before it: clears what was begun, and many clients send it first.
    Clear,
    /// A command without its `:` and `#`. Each byte is the character of that number, so that 0xDF is one too.
    Command(String),
    /// What stood between `;` and `#`: a command, two digits of checksum and a sequence character.
    Checked(String),
}

/// A command longer than this is dropped whole.
pub(crate) const MAX_COMMAND: usize = 80;

const ACK: u8 = 0x06;

/// Puts commands together from bytes as they come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Framer {
    /// Whether `;` begins a frame with a checksum. Elsewhere it is noise.
    takes_checked: bool,
    /// None: between commands.
    begun: Option<Begun>,
}

#[derive(Clone, Debug, Default)]
struct Begun {
    text: String,
    checked: bool,
}

impl Framer {
    pub(crate) fn new(takes_checked: bool) -> Self {
        Self {
            takes_checked,
            begun: None,
        }
    }

    /// Takes one byte. Spaces and line ends mean nothing, also inside a command. A `:` inside one belongs to a value
    /// (`05:35:17`), unless a letter follows: then what was begun is given up for a new command.
    pub(crate) fn take(&mut self, byte: u8) -> Option<Incoming> {
        match (byte, &mut self.begun) {
            (b' ' | b'\r' | b'\n', _) => {}
            (b'#', _) => return Some(self.begun.take().map_or(Incoming::Clear, Begun::done)),
            (ACK, None) => return Some(Incoming::Ack),
            (b':', None) => self.begun = Some(Begun::default()),
            (b';', None) if self.takes_checked => {
                self.begun = Some(Begun {
                    checked: true,
                    ..Begun::default()
                });
            }
            (_, None) => {}
            (byte, Some(begun)) => {
                if byte.is_ascii_alphabetic() && begun.text.ends_with(':') {
                    *begun = Begun::default();
                }
                begun.text.push(char::from(byte));
                if begun.text.chars().count() > MAX_COMMAND {
                    self.begun = None;
                }
            }
        }
        None
    }
}

impl Begun {
    fn done(self) -> Incoming {
        if self.checked {
            Incoming::Checked(self.text)
        } else {
            Incoming::Command(self.text)
        }
    }
}

impl Incoming {
    /// As it was on the wire.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Ack => char::from(ACK).to_string(),
            Self::Clear => "#".to_owned(),
            Self::Command(command) => format!(":{command}#"),
            Self::Checked(frame) => format!(";{frame}#"),
        }
    }
}

/// The command and the sequence character of a frame with a checksum. None: the checksum is another.
pub(crate) fn verified(frame: &str) -> Option<(&str, &str)> {
    let (at, _) = frame.char_indices().rev().nth(2)?;
    let (command, rest) = frame.split_at(at);
    let (sum, sequence) = rest.split_at_checked(2)?;
    (sum == format!("{:02X}", checksum(command))).then_some((command, sequence))
}
