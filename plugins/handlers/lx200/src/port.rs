//! The line to the mount, in the three ways that a verb of this language is answered: not, with one character, with a text up to `#`.

use slewgate_sdk::{Exchange, Failure, Framing, Held, Host, Line, LineError, Millis};

/// The role of the line in the configuration.
pub(crate) const ROLE: &str = "port";

/// For a whole reply: INDI waits 5 s, but the longest reply takes 40 ms at 9600 baud, and a Classic thinks for a second at most.
const TIMEOUT: Millis = 2000;

/// A refusal's text follows its digit at once, where it has one.
const REASON: Millis = 500;

/// For several exchanges that nobody may come between.
const HOLD: Millis = 10_000;

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
        let mut reply = self
            .0
            .exchange(&exchange(command.as_bytes(), Framing::Until(b'#')))?;
        reply.pop();
        Ok(reply)
    }

    /// `P` polar, `A` altazimuth, `L` land, which does not track.
    pub(crate) fn alignment(&self) -> Result<Option<u8>, LineError> {
        Ok(self
            .0
            .exchange(&exchange(&[ACK], Framing::Count(1)))?
            .first()
            .copied())
    }

    pub(crate) fn hold(&self) -> Result<HeldPort, LineError> {
        self.0.hold(HOLD).map(HeldPort)
    }
}

impl HeldPort {
    /// Sends what is answered by `1`, or by anything else if the mount will not.
    pub(crate) fn accepts(&self, command: &[u8]) -> Result<bool, LineError> {
        Ok(self.0.exchange(&exchange(command, Framing::Count(1)))? == b"1")
    }

    /// Sends what is answered by `0`, or by another character and mostly a reason: that one, where the mount will not.
    pub(crate) fn refusal(&self, command: &str) -> Result<Option<String>, LineError> {
        self.0.write(command.as_bytes())?;
        let code = self.0.read(Framing::Count(1), TIMEOUT)?;
        if code == b"0" {
            return Ok(None);
        }
        // Some send no text: the digit is all that there is.
        let reason = match self.0.read(Framing::Until(b'#'), REASON) {
            Ok(text) | Err(LineError::Timeout(text)) => text,
            Err(error) => return Err(error),
        };
        Ok(Some(sentence(&code, &reason)))
    }
}

/// An exchange without a reply, also for the endings of motions.
pub(crate) fn silent(command: &str) -> Exchange {
    Exchange {
        request: command.into(),
        reply: Framing::None,
        timeout: 0,
    }
}

/// What the mount said is no answer to what it was asked.
pub(crate) fn garbled(command: &str, reply: &[u8]) -> Failure {
    Failure::Hardware(format!(
        "the mount answered `{}` to {command}",
        reply.escape_ascii()
    ))
}

fn exchange(request: &[u8], reply: Framing) -> Exchange {
    Exchange {
        request: request.into(),
        reply,
        timeout: TIMEOUT,
    }
}

fn sentence(code: &[u8], reason: &[u8]) -> String {
    let text = String::from_utf8_lossy(reason);
    let text = text.trim_matches(|c: char| {
        c == '#' || c == '<' || c == '>' || c.is_whitespace() || c.is_control()
    });
    if text.contains(char::is_alphabetic) {
        format!("the mount refused: {text}")
    } else {
        format!("the mount refused, with code {}{text}", code.escape_ascii())
    }
}
