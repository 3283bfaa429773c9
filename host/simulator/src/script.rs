//! Hardware that knows its answers by heart: the same request gets the same answer, or one after the other of several.

use crate::fault::ActiveFault;
use crate::instrument::{Ailing, Instrument};
use crate::wire::Wire;
use std::path::PathBuf;
use thiserror::Error;

/// Requests with their answers. Unlike a [`Replay`](crate::Replay) it takes them in any order, as often as they come.
#[derive(Clone, Debug)]
pub struct Script {
    parts: Vec<Part>,
    /// What was heard of a request so far.
    heard: Vec<u8>,
    /// What began no request.
    unknown: Vec<u8>,
    wire: Wire,
}

/// How a script is reached.
#[derive(Clone, Debug, Default)]
pub struct ScriptSettings {
    /// A symbolic link to the pseudo-terminal. One that is there is replaced.
    pub link: Option<PathBuf>,
    /// Bits a second of the line; None: there is no such limit.
    pub baud: Option<u32>,
}

/// Why exchanges are no script.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScriptError {
    /// There is nothing to answer.
    #[error("it has no request, so there is nothing to answer")]
    Empty,
    /// A request has no bytes.
    #[error("exchange {0} has an empty request")]
    Nothing(usize),
    /// Whoever hears the one cannot know whether it is to be the other.
    #[error(
        "\"{}\" is how \"{}\" begins: nobody could tell when the first is whole",
        shorter.escape_ascii(),
        longer.escape_ascii()
    )]
    Ambiguous {
        /// A request.
        shorter: Vec<u8>,
        /// Another.
        longer: Vec<u8>,
    },
}

#[derive(Clone, Debug)]
struct Part {
    request: Vec<u8>,
    answers: Vec<Vec<u8>>,
    /// The answer to the next such request. The last stays.
    next: usize,
}

/// So much of what is unknown is kept.
const MOST_UNKNOWN: usize = 256;

impl Script {
    /// From exchanges in their order. Several with the same request are answered in turn, and then as the last was.
    ///
    /// # Errors
    /// No exchange, an empty request, or one with which another begins.
    pub fn new(
        exchanges: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<Self, ScriptError> {
        let mut parts: Vec<Part> = Vec::new();
        for ((request, answer), number) in exchanges.into_iter().zip(1..) {
            if request.is_empty() {
                return Err(ScriptError::Nothing(number));
            }
            match parts.iter_mut().find(|part| part.request == request) {
                Some(part) => part.answers.push(answer),
                None => parts.push(Part {
                    request,
                    answers: vec![answer],
                    next: 0,
                }),
            }
        }
        if parts.is_empty() {
            return Err(ScriptError::Empty);
        }
        judge(&parts)?;
        Ok(Self {
            parts,
            heard: Vec::new(),
            unknown: Vec::new(),
            wire: Wire::default(),
        })
    }

    pub(crate) fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// What was heard that begins no request, as far as it is kept.
    pub(crate) fn unknown(&self) -> Vec<u8> {
        self.unknown.clone()
    }

    /// Forgets what cannot become a request any more.
    fn drop_nonsense(&mut self) {
        while !self.heard.is_empty() && !self.parts.iter().any(|part| part.is_begun(&self.heard)) {
            let byte = self.heard.remove(0);
            if self.unknown.len() < MOST_UNKNOWN {
                self.unknown.push(byte);
            }
        }
    }
}

fn judge(parts: &[Part]) -> Result<(), ScriptError> {
    for part in parts {
        let longer = parts.iter().find(|other| {
            other.request.len() > part.request.len() && other.is_begun(&part.request)
        });
        if let Some(longer) = longer {
            return Err(ScriptError::Ambiguous {
                shorter: part.request.clone(),
                longer: longer.request.clone(),
            });
        }
    }
    Ok(())
}

impl Part {
    fn is_begun(&self, heard: &[u8]) -> bool {
        self.request.starts_with(heard)
    }

    fn answer(&mut self) -> Vec<u8> {
        let answer = self.answers.get(self.next).cloned();
        self.next = (self.next + 1).min(self.answers.len().saturating_sub(1));
        answer.unwrap_or_default()
    }
}

impl Instrument for Script {
    type Request = Vec<u8>;

    fn hear(&mut self, byte: u8) -> Option<Vec<u8>> {
        self.heard.push(byte);
        self.drop_nonsense();
        let whole = self.parts.iter().any(|part| part.request == self.heard);
        whole.then(|| std::mem::take(&mut self.heard))
    }

    fn text(request: &Vec<u8>) -> String {
        request.iter().copied().map(char::from).collect()
    }

    fn reply(&mut self, request: &Vec<u8>) -> Vec<u8> {
        let part = self.parts.iter_mut().find(|part| part.request == *request);
        let reply = part.map(Part::answer).unwrap_or_default();
        self.wire.record(Self::text(request), &reply);
        reply
    }
}

/// What knows nothing but its answers has no faults of its own; its wire has.
impl Ailing for Script {
    fn suffer(&mut self, _: &ActiveFault) {}

    fn cure(&mut self) -> usize {
        0
    }

    fn faults(&mut self) -> Vec<ActiveFault> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(exchanges: &[(&str, &str)]) -> Result<Script, ScriptError> {
        let bytes = |text: &str| text.as_bytes().to_vec();
        Script::new(
            exchanges
                .iter()
                .map(|(request, answer)| (bytes(request), bytes(answer))),
        )
    }

    #[test]
    fn each_request_has_its_answer_in_any_order_and_several_in_turn() {
        let mut script = script(&[
            ("P40\n", "OK\n"),
            ("T\n", "12\n"),
            ("T\n", "13\n"),
            ("Q\n", ""),
        ])
        .unwrap();
        assert_eq!(script.converse(b"T\nP40\nT\nQ\nT\n"), b"12\nOK\n13\n13\n");
    }

    #[test]
    fn what_it_does_not_know_is_kept_and_spoils_nothing() {
        let mut script = script(&[("P40\n", "OK\n")]).unwrap();
        assert_eq!(script.converse(b"P41\nXP40\n"), b"OK\n");
        assert_eq!(script.unknown(), b"P41\nX");
    }

    #[test]
    fn what_nobody_could_answer_is_no_script() {
        assert_eq!(script(&[]).unwrap_err(), ScriptError::Empty);
        assert_eq!(script(&[("", "x")]).unwrap_err(), ScriptError::Nothing(1));
        let told = script(&[("P4", "x"), ("P40\n", "y")]).unwrap_err();
        assert_eq!(
            told.to_string(),
            "\"P4\" is how \"P40\\n\" begins: nobody could tell when the first is whole"
        );
    }
}
