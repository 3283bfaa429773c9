//! What clients are told when a handler or its hardware fails.

use std::time::Duration;

use slewgate_rpc::{Outcome, Refusal};

use crate::bindings::handler::exports::slewgate::plugin::handler::Failure;
use crate::bindings::serial::ErrorCode;
use crate::bounds::{MAX_FAILURE, cut};
use crate::table::{Attached, Table};

/// When a client may try a busy line again.
const LINE_RETRY: Duration = Duration::from_millis(500);

/// The client's refusal. What was written decides the outcome, not the plugin's word. `fault` puts a plugin's own fault on
/// record, and makes of it what the client may know.
pub(crate) fn refusal(
    failure: Failure,
    wrote: bool,
    table: &Table,
    fault: impl FnOnce(&str) -> Refusal,
) -> Refusal {
    let outcome = if wrote {
        Outcome::Indeterminate
    } else {
        Outcome::NotStarted
    };
    match failure {
        Failure::InvalidParams(why) => invalid_params(&why),
        Failure::Refused(why) => Refusal::refused(&why),
        Failure::Hardware(what) => Refusal::hardware(outcome, what.clone(), what),
        Failure::Line(ErrorCode::Stopped) => {
            Refusal::stopped(&table.stopped_by().unwrap_or_default())
        }
        Failure::Line(ErrorCode::Busy) => Refusal::busy(LINE_RETRY),
        Failure::Line(error) => Refusal::hardware(outcome, line_error(&error), line_error(&error)),
        Failure::Internal(cause) => fault(&cause),
    }
}

/// A plugin names the field that is wrong before a colon.
fn invalid_params(why: &str) -> Refusal {
    let is_name = |text: &str| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !text.is_empty() && text.bytes().all(letter)
    };
    match why.split_once(": ") {
        Some((field, why)) if is_name(field) => Refusal::invalid_params(field, why),
        _ => Refusal::invalid_params("params", why),
    }
}

/// Why nothing can be asked of the hardware now.
pub(crate) fn unattached(attached: &Attached, verb: &str) -> Result<(), Refusal> {
    let cause = match attached {
        Attached::To(found) if found.lacks.iter().any(|lacks| lacks == verb) => {
            return Err(
                Refusal::method_not_found(verb).because(format!("{} lacks it", found.model))
            );
        }
        Attached::To(_) => return Ok(()),
        Attached::Unloaded => "the plugin is not loaded",
        Attached::NotYet => "the hardware does not answer yet",
        Attached::Failed(cause) => cause,
        Attached::Silent => "it does not answer",
    };
    Err(Refusal::hardware(
        Outcome::NotStarted,
        format!("no connection to the hardware: {cause}"),
        cause,
    ))
}

/// Whether the hardware said nothing at all.
pub(crate) fn is_silence(failure: &Failure) -> bool {
    matches!(failure, Failure::Line(ErrorCode::Timeout(bytes)) if bytes.is_empty())
}

/// Whether it was the line or what came over it: the next exchange may go well.
pub(crate) fn is_of_hardware(failure: &Failure) -> bool {
    matches!(failure, Failure::Line(_) | Failure::Hardware(_))
}

/// For the log, for who began a motion, and for whoever asks how the hardware is: cut to a length at which others can be told, too.
pub(crate) fn describe(failure: &Failure) -> String {
    match failure {
        Failure::InvalidParams(why)
        | Failure::Refused(why)
        | Failure::Hardware(why)
        | Failure::Internal(why) => cut(why, MAX_FAILURE),
        Failure::Line(error) => line_error(error),
    }
}

fn line_error(error: &ErrorCode) -> String {
    match error {
        ErrorCode::NotGranted => "the plugin was granted no such line".into(),
        ErrorCode::Disconnected => "the device is gone; the host is trying to open it again".into(),
        ErrorCode::Busy => "the line is busy".into(),
        ErrorCode::Timeout(bytes) if bytes.is_empty() => {
            "the hardware did not answer in time".into()
        }
        ErrorCode::Timeout(bytes) => {
            format!("the answer did not end in time: {} bytes came", bytes.len())
        }
        ErrorCode::Stopped => "a stop came after this request".into(),
        ErrorCode::Interrupted(how) => format!("the device failed after bytes were written: {how}"),
        ErrorCode::Expired => "the line was held for too long".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn params_that_a_plugin_finds_wrong_are_named_by_their_field() {
        for (why, field, sentence) in [
            (
                "time: in the past",
                "time",
                "Invalid params: time: in the past",
            ),
            (
                "give one or the other",
                "params",
                "Invalid params: params: give one or the other",
            ),
            (
                "invalid type: a text",
                "params",
                "Invalid params: params: invalid type: a text",
            ),
        ] {
            let refusal = invalid_params(why);
            assert_eq!(refusal.sentence, sentence);
            assert_eq!(refusal.data.unwrap()["field"], field);
        }
    }
}
