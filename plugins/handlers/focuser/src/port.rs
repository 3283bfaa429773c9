//! The line to the focuser. What asks is answered up to a `#`, what sets is not answered.

use slewgate_sdk::{Exchange, Failure, Framing, Held, Host, Line, LineError, Millis};

/// The role of the line in the configuration.
pub(crate) const ROLE: &str = "port";

/// For a whole reply. INDI waits 3 s; an Arduino that steps answers within milliseconds.
const TIMEOUT: Millis = 2000;

/// For the answer to a question that not every focuser knows.
const PROBE: Millis = 700;

/// For several exchanges that nobody may come between.
const HOLD: Millis = 10_000;

/// The focuser.
pub(crate) struct Port(Box<dyn Line>);

/// The focuser, with everybody else kept off.
pub(crate) struct HeldPort(Box<dyn Held>);

/// What asks and tells, held or not.
pub(crate) trait Talk {
    /// One exchange.
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError>;

    /// Sends what has no answer.
    fn tell(&self, command: &str) -> Result<(), LineError> {
        self.exchange(&silent(command)).map(drop)
    }

    /// The answer to a question, as what it should be.
    fn ask<T>(&self, command: &str, read: impl Fn(&[u8]) -> Option<T>) -> Result<T, Failure> {
        let reply = self.exchange(&question(command, TIMEOUT))?;
        let text = reply.strip_suffix(b"#").unwrap_or(&reply);
        read(text).ok_or_else(|| garbled(command, &reply))
    }
}

impl Port {
    pub(crate) fn open(host: &dyn Host) -> Result<Self, LineError> {
        host.line(ROLE).map(Self)
    }

    pub(crate) fn hold(&self) -> Result<HeldPort, LineError> {
        self.0.hold(HOLD).map(HeldPort)
    }

    /// The text that answers a question that the focuser may not know; None: it is silent. Some leave out the `#` behind their
    /// version, as INDI's driver has found.
    pub(crate) fn probe(&self, command: &str) -> Result<Option<Vec<u8>>, LineError> {
        match self.0.exchange(&question(command, PROBE)) {
            Ok(mut text) => {
                text.pop();
                Ok(Some(text))
            }
            Err(LineError::Timeout(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Err(error) => Err(error),
        }
    }
}

impl Talk for Port {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        self.0.exchange(exchange)
    }
}

impl Talk for HeldPort {
    fn exchange(&self, exchange: &Exchange) -> Result<Vec<u8>, LineError> {
        self.0.exchange(exchange)
    }
}

/// An exchange without a reply, also for what ends a motion.
pub(crate) fn silent(command: &str) -> Exchange {
    Exchange {
        request: command.into(),
        reply: Framing::None,
        timeout: 0,
    }
}

fn question(command: &str, timeout: Millis) -> Exchange {
    Exchange {
        request: command.into(),
        reply: Framing::Until(b'#'),
        timeout,
    }
}

/// What the focuser said is no answer to what it was asked.
pub(crate) fn garbled(command: &str, reply: &[u8]) -> Failure {
    Failure::Hardware(format!(
        "the focuser answered `{}` to {command}",
        reply.escape_ascii()
    ))
}
