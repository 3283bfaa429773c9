//! Whether something else is on a line where no hand control answers. What is asked moves none of them, nor a hand control that was
//! only slow.

use slewgate_sdk::{Exchange, Failure, Framing, Host, LineError, Millis};

use crate::port::ROLE;

/// Many times what either of them takes.
const PROBE: Millis = 700;

/// Asks a mount that speaks LX200 how it is aligned, and a Sky-Watcher motor for its version.
const ALIGNMENT: &[u8] = b"\x06";
const MOTOR: &[u8] = b":e1\r";

/// What to tell of the silence.
pub(crate) fn named(host: &dyn Host, silence: LineError) -> Failure {
    match kind(host) {
        Ok(Some((kind, component))) => Failure::Hardware(format!(
            "what answers is no NexStar hand control but {kind}: name its handler in the table of this plugin: component = \
             \"{component}\""
        )),
        Ok(None) => silence.into(),
        Err(error) => error.into(),
    }
}

fn kind(host: &dyn Host) -> Result<Option<(&'static str, &'static str)>, LineError> {
    if let [b'P' | b'A' | b'L'] = ask(host, ALIGNMENT, Framing::Count(1))?[..] {
        return Ok(Some(("a mount that speaks LX200", "lx200.wasm")));
    }
    if let [b'=' | b'!', .., b'\r'] = ask(host, MOTOR, Framing::Until(b'\r'))?[..] {
        return Ok(Some(("a Sky-Watcher motor", "skywatcher.wasm")));
    }
    Ok(None)
}

fn ask(host: &dyn Host, question: &[u8], reply: Framing) -> Result<Vec<u8>, LineError> {
    let exchange = Exchange {
        request: question.into(),
        reply,
        timeout: PROBE,
    };
    match host.line(ROLE)?.exchange(&exchange) {
        Ok(told) | Err(LineError::Timeout(told)) => Ok(told),
        Err(error) => Err(error),
    }
}
