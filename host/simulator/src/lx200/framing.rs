//! Bytes to commands.

/// What arrives between two moments of rest on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// 0x06 between commands: asks how the mount is aligned.
    Ack,
    /// `#` without a command before it: clears what was begun, and many clients send it first.
    Clear,
    /// A command without its `:` and `#`. Each byte is the character of that number, so that 0xDF is one too.
    Command(String),
}

/// A command longer than this is dropped whole.
pub(crate) const MAX_COMMAND: usize = 80;

const ACK: u8 = 0x06;

/// Puts commands together from bytes as they come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Framer {
    /// None: between commands.
    begun: Option<String>,
}

impl Framer {
    /// Takes one byte. Spaces and line ends mean nothing, also inside a command. A `:` inside one belongs to a value
    /// (`05:35:17`), unless a letter follows: then what was begun is given up for a new command.
    pub(crate) fn take(&mut self, byte: u8) -> Option<Incoming> {
        match (byte, &mut self.begun) {
            (b' ' | b'\r' | b'\n', _) => {}
            (b'#', _) => return Some(self.begun.take().map_or(Incoming::Clear, Incoming::Command)),
            (ACK, None) => return Some(Incoming::Ack),
            (b':', None) => self.begun = Some(String::new()),
            (_, None) => {}
            (byte, Some(command)) if byte.is_ascii_alphabetic() && command.ends_with(':') => {
                self.begun = Some(char::from(byte).to_string());
            }
            (byte, Some(command)) => {
                command.push(char::from(byte));
                if command.chars().count() > MAX_COMMAND {
                    self.begun = None;
                }
            }
        }
        None
    }
}

impl Incoming {
    /// As it was on the wire.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Ack => char::from(ACK).to_string(),
            Self::Clear => "#".to_owned(),
            Self::Command(command) => format!(":{command}#"),
        }
    }
}
