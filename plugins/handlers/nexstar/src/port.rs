//! The line to the hand control. Each reply has a length that is known before, and ends with `#`; a `#` before that is a byte like
//! any other. One question is asked at a time: what is sent into a reply may be lost (Celestron).
//!
//! A reply that is no answer to its question belongs to another one, or is not whole. Then an echo is asked for: what comes before
//! it is of earlier questions, since they are answered in their order, and what is asked after it is answered anew. A question
//! is asked again then; an order is not, because it may have been obeyed.

use slewgate_sdk::{Exchange, Failure, Framing, Held, Host, Instant, Line, LineError, Millis};

/// The role of the line in the configuration.
pub(crate) const ROLE: &str = "port";

/// Celestron: a reply may take 3.5 s in the worst case.
pub(crate) const WORST: Millis = 3_500;
/// For a whole reply, with the time that it takes on the line.
const TIMEOUT: Millis = 3_800;

/// What follows at once if it does at all.
const AT_ONCE: Millis = 100;

/// For an echo with what comes before it.
const HOLD: Millis = 12_000;
/// Bytes before an echo: more than any number of replies that are late together.
const MOST_STRAY: usize = 64;

/// Set while what comes next from the line may be of an earlier question.
const UNSURE: &str = "unsure";

const END: u8 = b'#';

/// The hand control.
pub(crate) struct Port<'a> {
    host: &'a dyn Host,
    line: Box<dyn Line>,
}

/// Whether the bytes of a reply, without its end, can be an answer to the question.
pub(crate) type Fits = fn(&[u8]) -> bool;

impl<'a> Port<'a> {
    pub(crate) fn open(host: &'a dyn Host) -> Result<Self, LineError> {
        Ok(Self {
            host,
            line: host.line(ROLE)?,
        })
    }

    /// The reply of this length, without its end.
    pub(crate) fn ask(&self, question: &[u8], length: u32, fits: Fits) -> Result<Vec<u8>, Failure> {
        self.be_sure()?;
        match self.once(question, length, fits) {
            // Silence is not to be waited for twice, and one who has nothing to say will have nothing again.
            Err(Failure::Line(LineError::Timeout(heard))) if heard.is_empty() => {
                Err(LineError::Timeout(heard).into())
            }
            Err(Failure::Line(LineError::Timeout(heard))) if heard == [END] => {
                Err(Failure::Hardware(format!(
                    "the hand control has nothing to say to {}",
                    shown(question)
                )))
            }
            Err(Failure::Line(LineError::Timeout(_)) | Failure::Hardware(_)) => {
                self.be_sure()?;
                self.once(question, length, fits)
            }
            other => other,
        }
    }

    /// Sends what is answered by the end alone.
    pub(crate) fn order(&self, order: &[u8]) -> Result<(), Failure> {
        self.be_sure()?;
        self.once(order, 0, |_| true).map(drop)
    }

    /// The reply to a question that hand controls of some age do not know. None: silence.
    pub(crate) fn probe(&self, question: &[u8], length: u32) -> Result<Option<Vec<u8>>, Failure> {
        match self.ask(question, length, |_| true) {
            Ok(reply) => Ok(Some(reply)),
            Err(Failure::Line(LineError::Timeout(heard))) if heard.is_empty() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A reply that some end after its first byte, which is then their end.
    pub(crate) fn one_or_none(&self, question: &[u8]) -> Result<Option<u8>, Failure> {
        self.be_sure()?;
        let held = self.line.hold(HOLD)?;
        let first = self.heard(held.exchange(&exchange(question, 1)))?;
        match first[..] {
            [END] => Ok(None),
            [byte] if self.follows(&*held)? == Some(END) => Ok(Some(byte)),
            _ => Err(self.unlike(question, &first)),
        }
    }

    /// The version: two bytes, or from a SynScan six digits. The third byte tells which.
    pub(crate) fn version(&self) -> Result<Vec<u8>, Failure> {
        const VERSION: &[u8] = b"V";
        self.be_sure()?;
        let ask = || {
            let held = self.line.hold(HOLD)?;
            let mut told = self.heard(held.exchange(&exchange(VERSION, 3)))?;
            if told.last() != Some(&END) {
                told.extend(self.heard(held.read(Framing::Count(4), AT_ONCE))?);
            }
            let digits = told.len() == 7 && told[..6].iter().all(u8::is_ascii_hexdigit);
            if told.pop() == Some(END) && (told.len() == 2 || digits) {
                return Ok(told);
            }
            Err(self.unlike(VERSION, &told))
        };
        match ask() {
            // The first reply may begin with what an earlier program asked for.
            Err(Failure::Hardware(_)) => {
                self.be_sure()?;
                ask()
            }
            Err(Failure::Line(LineError::Timeout(heard))) if !heard.is_empty() => {
                self.be_sure()?;
                ask()
            }
            other => other,
        }
    }

    /// What a motor answers to what is passed through to it. None: it did not take it, which a byte more than was asked for tells.
    pub(crate) fn pass(&self, request: &[u8; 8]) -> Result<Option<Vec<u8>>, Failure> {
        self.be_sure()?;
        let held = self.line.hold(HOLD)?;
        let length = u32::from(request[7]);
        let asked = held.exchange(&exchange(request, length + 1));
        let mut told = self.heard(asked)?;
        let ended = told.pop() == Some(END);
        match ended {
            // An order to the motor: nothing but the end answers it, where it was taken.
            true if length == 0 => Ok(Some(told)),
            true => match self.follows(&*held)? {
                None => Ok(Some(told)),
                // The byte more was an end sign itself.
                Some(END) => Ok(None),
                Some(_) => Err(self.unlike(request, &told)),
            },
            false if self.follows(&*held)? == Some(END) => Ok(None),
            false => Err(self.unlike(request, &told)),
        }
    }

    fn once(&self, question: &[u8], length: u32, fits: Fits) -> Result<Vec<u8>, Failure> {
        let asked = self.line.exchange(&exchange(question, length + 1));
        let mut reply = self.heard(asked)?;
        match reply.pop() {
            Some(END) if fits(&reply) => Ok(reply),
            last => {
                reply.extend(last);
                Err(self.unlike(question, &reply))
            }
        }
    }

    /// After an outcome by which a reply may still be to come, nothing is taken for an answer before an echo was.
    fn heard<T>(&self, outcome: Result<T, LineError>) -> Result<T, Failure> {
        if let Err(LineError::Timeout(_) | LineError::Interrupted(_) | LineError::Stopped) =
            &outcome
        {
            self.host.keep(UNSURE, b"1")?;
        }
        Ok(outcome?)
    }

    /// What it said is no answer to what it was asked.
    fn unlike(&self, question: &[u8], reply: &[u8]) -> Failure {
        let failure = Failure::Hardware(format!(
            "the hand control answered `{}` to {}",
            reply.escape_ascii(),
            shown(question)
        ));
        match self.host.keep(UNSURE, b"1") {
            Ok(()) => failure,
            Err(error) => error,
        }
    }

    /// A byte that comes at once behind others.
    fn follows(&self, held: &dyn Held) -> Result<Option<u8>, Failure> {
        match held.read(Framing::Count(1), AT_ONCE) {
            Ok(byte) => Ok(byte.first().copied()),
            Err(LineError::Timeout(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for an echo where what comes next may be of an earlier question, and passes over what comes before it.
    fn be_sure(&self) -> Result<(), Failure> {
        if self.host.recall(UNSURE).is_none_or(|kept| kept.is_empty()) {
            return Ok(());
        }
        let token = token(self.host.now());
        let held = self.line.hold(HOLD)?;
        let mut heard = held.exchange(&exchange(&[b'K', token], 2))?;
        while !heard.ends_with(&[token, END]) {
            if heard.len() > MOST_STRAY {
                return Err(Failure::Hardware(
                    "the hand control says much that nobody asked for, and does not echo what it is to".into(),
                ));
            }
            heard.extend(held.read(Framing::Count(1), TIMEOUT)?);
        }
        self.host.keep(UNSURE, b"")
    }
}

/// An exchange that waits for the end alone, for endings and stops.
pub(crate) fn ordered(order: &[u8]) -> Exchange {
    Exchange {
        timeout: WORST,
        ..exchange(order, 1)
    }
}

fn exchange(request: &[u8], length: u32) -> Exchange {
    Exchange {
        request: request.into(),
        reply: Framing::Count(length),
        timeout: TIMEOUT,
    }
}

/// A byte that no other reply has before its end, and another each time, so that a late echo is not taken for this one.
fn token(now: Instant) -> u8 {
    // The remainder fits.
    0xc0 + (now.rem_euclid(31.0) as u8)
}

/// A request for people: those that carry bytes by their letter alone.
fn shown(request: &[u8]) -> String {
    match request {
        [b'P', ..] => request.escape_ascii().to_string(),
        [letter, ..] => char::from(*letter).to_string(),
        [] => String::new(),
    }
}
