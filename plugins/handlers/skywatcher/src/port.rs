//! The line to the motors: a request is `:`, a letter, an axis and digits, ended by CR; the answer `=` and digits, or `!` and a code.
//!
//! A motor answers within milliseconds or not at all, and what was lost may be asked again: all but the start of a motion say the
//! same twice. An answer with other digits than it should have is none: it is asked for again, never taken for another value.

use slewgate_sdk::{Exchange, Failure, Framing, Held, Host, Line, LineError, Millis};

/// The role of the line in the configuration.
pub(crate) const ROLE: &str = "port";

/// For a whole answer; INDI's driver waits as long.
const TIMEOUT: Millis = 300;

/// How often a request is sent before it has failed.
const TRIES: u32 = 4;

/// For several exchanges that nobody may come between, and the rest that they wait for.
const HOLD: Millis = 15_000;

/// What ends a request and an answer.
const END: u8 = b'\r';

/// A motor does not take an order while it runs.
pub(crate) const RUNNING: u8 = b'2';

/// One of the two axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drive {
    /// Around the pole.
    First,
    /// Across it.
    Second,
}

/// The motors, with everybody else kept off or not.
pub(crate) enum Port {
    Open(Box<dyn Line>),
    Held(Box<dyn Held>),
}

/// What a motor says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// `=`, with these digits.
    Yes(Vec<u8>),
    /// `!`, with this code.
    No(u8),
    /// Nothing, or what is no answer to this: the bytes.
    None(Vec<u8>),
}

impl Drive {
    pub(crate) const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }

    fn digit(self) -> char {
        match self {
            Self::First => '1',
            Self::Second => '2',
        }
    }
}

impl Port {
    pub(crate) fn open(host: &dyn Host) -> Result<Self, LineError> {
        host.line(ROLE).map(Self::Open)
    }

    /// The same, with everybody else kept off until it is dropped.
    pub(crate) fn hold(&self) -> Result<Self, LineError> {
        match self {
            Self::Open(line) => line.hold(HOLD).map(Self::Held),
            Self::Held(_) => Err(LineError::Busy),
        }
    }

    /// So many digits.
    pub(crate) fn ask(
        &self,
        letter: char,
        drive: Drive,
        digits: usize,
    ) -> Result<Vec<u8>, Failure> {
        match self.question(letter, drive, digits)? {
            Answer::Yes(digits) => Ok(digits),
            other => Err(other.failure(&request(letter, drive, ""))),
        }
    }

    /// The same of one who may not be a motor.
    pub(crate) fn question(
        &self,
        letter: char,
        drive: Drive,
        digits: usize,
    ) -> Result<Answer, Failure> {
        self.insist(&request(letter, drive, ""), digits)
    }

    /// What may be said twice, and is answered without digits.
    pub(crate) fn tell(&self, letter: char, drive: Drive, digits: &str) -> Result<(), Failure> {
        let request = request(letter, drive, digits);
        self.insist(&request, 0)?.done(&request)
    }

    /// The same, where it depends on the answer what is to be done.
    pub(crate) fn order(
        &self,
        letter: char,
        drive: Drive,
        digits: &str,
    ) -> Result<Answer, Failure> {
        self.insist(&request(letter, drive, digits), 0)
    }

    /// What may not be said twice.
    pub(crate) fn once(&self, letter: char, drive: Drive) -> Result<Answer, LineError> {
        self.exchange(&request(letter, drive, ""), 0)
    }

    /// What comes within the time to a question in another language, up to its end there.
    pub(crate) fn other(
        &self,
        request: &str,
        end: u8,
        timeout: Millis,
    ) -> Result<Vec<u8>, LineError> {
        let exchange = Exchange {
            request: request.into(),
            reply: Framing::Until(end),
            timeout,
        };
        match self.send(&exchange) {
            Err(LineError::Timeout(bytes)) => Ok(bytes),
            other => other,
        }
    }

    fn insist(&self, request: &str, digits: usize) -> Result<Answer, Failure> {
        for _ in 1..TRIES {
            match self.exchange(request, digits)? {
                Answer::None(_) => {}
                answer => return Ok(answer),
            }
        }
        Ok(self.exchange(request, digits)?)
    }

    fn exchange(&self, request: &str, digits: usize) -> Result<Answer, LineError> {
        match self.send(&exchange(request)) {
            Ok(reply) => Ok(Answer::of(&reply, digits)),
            Err(LineError::Timeout(bytes)) => Ok(Answer::None(bytes)),
            Err(error) => Err(error),
        }
    }

    fn send(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        match self {
            Self::Open(line) => line.exchange(exchange),
            Self::Held(held) => held.exchange(exchange),
        }
    }
}

impl Answer {
    fn of(reply: &[u8], wanted: usize) -> Self {
        match reply {
            [b'=', digits @ .., END] if digits.len() == wanted && digits.iter().all(is_digit) => {
                Self::Yes(digits.into())
            }
            [b'!', code, END] if is_digit(code) => Self::No(*code),
            other => Self::None(other.into()),
        }
    }

    /// Whether it was done, for what nothing but that is wanted of.
    pub(crate) fn done(self, request: &str) -> Result<(), Failure> {
        match self {
            Self::Yes(_) => Ok(()),
            other => Err(other.failure(request)),
        }
    }

    /// Why there is nothing to go on with.
    pub(crate) fn failure(self, request: &str) -> Failure {
        let request = request.trim_end();
        match self {
            Self::No(code) => Failure::Hardware(format!(
                "the mount answered {request} with !{}: {}",
                char::from(code),
                meaning(code)
            )),
            Self::None(bytes) if bytes.is_empty() => LineError::Timeout(bytes).into(),
            Self::Yes(bytes) | Self::None(bytes) => Failure::Hardware(format!(
                "the mount answered `{}` to {request}",
                bytes.escape_ascii()
            )),
        }
    }
}

/// An exchange of a stop or of the ending of a motion.
pub(crate) fn ending(letter: char, drive: Drive, digits: &str) -> Exchange {
    exchange(&request(letter, drive, digits))
}

pub(crate) fn request(letter: char, drive: Drive, digits: &str) -> String {
    format!(":{letter}{}{digits}\r", drive.digit())
}

fn exchange(request: &str) -> Exchange {
    Exchange {
        request: request.into(),
        reply: Framing::Until(END),
        timeout: TIMEOUT,
    }
}

/// The motors write capitals.
fn is_digit(byte: &u8) -> bool {
    crate::number::nibble(*byte).is_some()
}

/// Source: Sky-Watcher, *Motor Controller Command Set*.
fn meaning(code: u8) -> &'static str {
    match code {
        b'0' => "it does not know this",
        b'1' => "it takes this with another number of digits",
        RUNNING => "its motor has not come to rest",
        b'3' => "it takes this with other digits",
        b'4' => "its motor was not initialised since it was switched on; attach it anew",
        b'5' => "its motors sleep; switch it off and on",
        b'7' => "it is learning the errors of its worm",
        b'8' => "it has learnt no errors of its worm",
        _ => "a code that its manual does not have",
    }
}
