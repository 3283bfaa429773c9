//! The line to the mount, in the three ways that a verb of this language is answered: not, with one character, with a text up to `#`.

use slewgate_sdk::{Exchange, Failure, Framing, Held, Host, Line, LineError, Millis};

/// The role of the line in the configuration.
pub(crate) const ROLE: &str = "port";

/// For a whole reply: INDI waits 5 s, but the longest reply takes 40 ms at 9600 baud, and a Classic thinks for a second at most.
const TIMEOUT: Millis = 2000;

/// For the answer to a question that not every mount knows: many times what a mount behind a network takes.
const PROBE: Millis = 700;

/// A refusal's text follows its digit at once, where it has one.
const REASON: Millis = 500;

/// For several exchanges that nobody may come between.
pub(crate) const HOLD: Millis = 10_000;

/// Asks how the mount is aligned; a bare byte, answered by one character.
const ACK: u8 = 0x06;

/// The mount.
pub(crate) struct Port(Box<dyn Line>);

/// The mount, with everybody else kept off.
pub(crate) struct HeldPort(Box<dyn Held>);

impl Port {
    pub(crate) fn open(host: &dyn Host) -> Result<Self, LineError> {
        host.line(ROLE).map(Self)
    }

    /// Sends what has no answer.
    pub(crate) fn tell(&self, command: &str) -> Result<(), LineError> {
        self.0.exchange(&silent(command)).map(drop)
    }

    /// The text that answers, without its `#`.
    pub(crate) fn ask(&self, command: &str) -> Result<Vec<u8>, LineError> {
        self.text(command, TIMEOUT)
    }

    /// The text that answers a question that the mount may not know; then it is silent, or says something without an end.
    pub(crate) fn probe(&self, command: &str) -> Result<Probed, LineError> {
        match self.text(command, PROBE) {
            Ok(text) => Ok(Probed::Text(text)),
            Err(LineError::Timeout(bytes)) if bytes.is_empty() => Ok(Probed::Silence),
            Err(LineError::Timeout(bytes)) => Ok(Probed::Text(bytes)),
            Err(error) => Err(error),
        }
    }

    /// The one character that answers a question that the mount may not know.
    pub(crate) fn probe_letter(&self, command: &str) -> Result<Option<u8>, LineError> {
        let letter = Exchange {
            request: command.into(),
            reply: Framing::Count(1),
            timeout: PROBE,
        };
        match self.0.exchange(&letter) {
            Ok(letter) => Ok(letter.first().copied()),
            Err(LineError::Timeout(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `P` polar, `A` altazimuth, `L` land, which does not track.
    pub(crate) fn alignment(&self) -> Result<Option<u8>, LineError> {
        Ok(self
            .0
            .exchange(&exchange(&[ACK], Framing::Count(1)))?
            .first()
            .copied())
    }

    pub(crate) fn hold(&self, at_most: Millis) -> Result<HeldPort, LineError> {
        self.0.hold(at_most).map(HeldPort)
    }

    fn text(&self, command: &str, timeout: Millis) -> Result<Vec<u8>, LineError> {
        let mut reply = self.0.exchange(&Exchange {
            request: command.into(),
            reply: Framing::Until(b'#'),
            timeout,
        })?;
        reply.pop();
        Ok(reply)
    }
}

/// What came back from a question that the mount may not know.
pub(crate) enum Probed {
    Silence,
    /// Without its `#`, if it had one.
    Text(Vec<u8>),
}

impl HeldPort {
    /// Sends what has no answer.
    pub(crate) fn tell(&self, command: &str) -> Result<(), LineError> {
        self.0.exchange(&silent(command)).map(drop)
    }

    /// The text that answers, without its `#`.
    pub(crate) fn ask(&self, command: &str) -> Result<Vec<u8>, LineError> {
        let mut reply = self
            .0
            .exchange(&exchange(command.as_bytes(), Framing::Until(b'#')))?;
        reply.pop();
        Ok(reply)
    }

    /// The one character that answers, or begins the answer.
    pub(crate) fn letter(&self, command: &[u8]) -> Result<u8, Failure> {
        let reply = self.0.exchange(&exchange(command, Framing::Count(1)))?;
        reply
            .first()
            .copied()
            .ok_or_else(|| garbled(command, &reply))
    }

    /// Sends what is answered by `1` or `0`: whether the mount will. The manual of the Classic writes the `1` as `Ok` in places.
    pub(crate) fn accepts(&self, command: &[u8]) -> Result<bool, Failure> {
        match self.letter(command)? {
            b'1' => Ok(true),
            b'0' => Ok(false),
            b'O' => {
                self.0.read(Framing::Count(1), TIMEOUT)?;
                Ok(true)
            }
            other => Err(garbled(command, &[other])),
        }
    }

    /// The words that follow a letter, up to `#`; nothing where none come.
    pub(crate) fn words(&self) -> Result<String, LineError> {
        Ok(text(&self.rest(REASON)?))
    }

    /// What follows up to `#`, or what of it comes within the time.
    pub(crate) fn rest(&self, timeout: Millis) -> Result<Vec<u8>, LineError> {
        match self.0.read(Framing::Until(b'#'), timeout) {
            Ok(rest) | Err(LineError::Timeout(rest)) => Ok(rest),
            Err(error) => Err(error),
        }
    }
}

/// An exchange without a reply, also for the endings of motions.
pub(crate) fn silent(command: &str) -> Exchange {
    exchange(command.as_bytes(), Framing::None)
}

/// What the mount said is no answer to what it was asked.
pub(crate) fn garbled(command: impl AsRef<[u8]>, reply: &[u8]) -> Failure {
    Failure::Hardware(format!(
        "the mount answered `{}` to {}",
        reply.escape_ascii(),
        command.as_ref().escape_ascii()
    ))
}

fn exchange(request: &[u8], reply: Framing) -> Exchange {
    Exchange {
        request: request.into(),
        reply,
        timeout: if reply == Framing::None { 0 } else { TIMEOUT },
    }
}

/// Without what mounts put around their words.
fn text(reply: &[u8]) -> String {
    String::from_utf8_lossy(reply)
        .trim_matches(|c: char| matches!(c, '#' | '<' | '>') || c.is_whitespace() || c.is_control())
        .into()
}
