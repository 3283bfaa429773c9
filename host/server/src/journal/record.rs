//! What is on disk of one line: `NAME.json`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use slewgate_serial::{Exchange, Framing, StopSequence};

use crate::bytes;
use crate::config::{Device, Line};

/// What a device is called that ends with its host.
const SIMULATED: &str = "simulator:";

/// A line as a host last knew it: enough to stop what is at its end, without that host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) line: String,
    /// As the configuration has it.
    pub(crate) device: String,
    pub(crate) baud: u32,
    /// What the configuration says, for when no plugin said anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) configured: Option<Stop>,
    /// The plugins' last words.
    #[serde(default)]
    pub(crate) stops: Vec<Word>,
}

/// What the plugin of one table said of one of its roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Word {
    pub(crate) table: String,
    pub(crate) role: String,
    pub(crate) stop: Stop,
}

/// A stop sequence in text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    exchanges: Vec<Step>,
    patience_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// See [`bytes`].
    request: String,
    reply: Reply,
    timeout_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    None,
    Count(u32),
    Until(u8),
}

impl Record {
    /// Of a line that is configured so; no plugin has said a word of it.
    pub(crate) fn of(name: &str, line: &Line) -> Record {
        Record {
            line: name.to_owned(),
            device: line.device.to_string(),
            baud: line.baud,
            configured: line.stop.as_ref().map(Stop::of),
            stops: Vec::new(),
        }
    }

    pub(crate) fn read(file: &Path) -> Result<Record, String> {
        let text = fs::read(file).map_err(|error| error.to_string())?;
        serde_json::from_slice(&text).map_err(|error| error.to_string())
    }

    /// What stops everything on the line: the plugins' words, each once, or what the configuration has for want of any.
    pub(crate) fn sequences(&self) -> Result<Vec<StopSequence>, String> {
        let mut sequences = Vec::new();
        let words = self.stops.iter().map(|word| &word.stop);
        for stop in words {
            let sequence = stop.sequence()?;
            if !sequence.writes_nothing() && !sequences.contains(&sequence) {
                sequences.push(sequence);
            }
        }
        if sequences.is_empty()
            && let Some(stop) = &self.configured
        {
            sequences.push(stop.sequence()?);
        }
        Ok(sequences)
    }

    /// Whether a plugin found its hardware, and nothing says that it has to be stopped.
    pub(crate) fn is_needless(&self) -> bool {
        !self.stops.is_empty() && self.sequences().is_ok_and(|stops| stops.is_empty())
    }

    /// What a plugin said of this role of this table.
    pub(crate) fn word(&self, table: &str, role: &str) -> Option<&Stop> {
        let said = |word: &&Word| word.table == table && word.role == role;
        self.stops.iter().find(said).map(|word| &word.stop)
    }

    /// Takes a plugin's newest word. False: it is what is known.
    pub(crate) fn remember(&mut self, table: &str, role: &str, stop: &StopSequence) -> bool {
        let stop = Stop::of(stop);
        if self.word(table, role) == Some(&stop) {
            return false;
        }
        self.stops
            .retain(|word| (word.table.as_str(), word.role.as_str()) != (table, role));
        self.stops.push(Word {
            table: table.to_owned(),
            role: role.to_owned(),
            stop,
        });
        true
    }

    /// A device that ended with its host: nothing is left to stop.
    pub(crate) fn is_simulated(&self) -> bool {
        self.device.starts_with(SIMULATED)
    }
}

impl Stop {
    pub(crate) fn of(sequence: &StopSequence) -> Stop {
        let exchanges = sequence.exchanges.iter().map(|exchange| Step {
            request: bytes::to_text(&exchange.request),
            reply: match exchange.reply {
                Framing::None => Reply::None,
                Framing::Count(count) => Reply::Count(count),
                Framing::Until(last) => Reply::Until(last),
            },
            timeout_ms: millis(exchange.timeout),
        });
        Stop {
            exchanges: exchanges.collect(),
            patience_ms: millis(sequence.patience),
        }
    }

    pub(crate) fn sequence(&self) -> Result<StopSequence, String> {
        let exchanges = self.exchanges.iter().map(|step| {
            Ok(Exchange {
                request: bytes::of_text(&step.request)?,
                reply: match step.reply {
                    Reply::None => Framing::None,
                    Reply::Count(count) => Framing::Count(count),
                    Reply::Until(last) => Framing::Until(last),
                },
                timeout: Duration::from_millis(step.timeout_ms),
            })
        });
        Ok(StopSequence {
            exchanges: exchanges.collect::<Result<_, String>>()?,
            patience: Duration::from_millis(self.patience_ms),
        })
    }
}

/// Its address, unless it is simulated.
pub(crate) fn address_of(record: &Record) -> Result<slewgate_serial::Address, String> {
    let device = record.device.parse();
    device.map_err(|error| format!("the device {error}"))
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Device::Simulator(family) => write!(f, "{SIMULATED}{family}"),
            Device::Hardware(address) => address.fmt(f),
        }
    }
}

/// They come from 32 bits, or from a constant.
fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(request: &[u8], reply: Framing) -> StopSequence {
        StopSequence {
            exchanges: vec![Exchange {
                request: request.to_vec(),
                reply,
                timeout: Duration::from_millis(500),
            }],
            patience: Duration::from_millis(20),
        }
    }

    fn record() -> Record {
        Record {
            line: "east".to_owned(),
            device: "/dev/ttyUSB0".to_owned(),
            baud: 9600,
            configured: None,
            stops: Vec::new(),
        }
    }

    #[test]
    fn a_stop_is_read_as_it_was_written_whatever_its_bytes() {
        for reply in [Framing::None, Framing::Count(3), Framing::Until(b'#')] {
            let sequence = stop(b":Q#\x02\xff\\", reply);
            let text = serde_json::to_string(&Stop::of(&sequence)).unwrap();
            let read: Stop = serde_json::from_str(&text).unwrap();
            assert_eq!(read.sequence(), Ok(sequence), "{text}");
        }
    }

    #[test]
    fn the_words_of_plugins_go_before_that_of_the_configuration_and_equal_ones_are_one() {
        let mut record = record();
        assert_eq!(record.sequences(), Ok(vec![]));
        let (configured, said) = (stop(b"c", Framing::None), stop(b"p", Framing::None));
        record.configured = Some(Stop::of(&configured));
        assert_eq!(record.sequences(), Ok(vec![configured]));
        assert!(record.remember("mount", "port", &said));
        assert!(record.remember("focuser", "port", &said));
        assert!(!record.remember("mount", "port", &said));
        assert_eq!(record.sequences(), Ok(vec![said.clone()]));
        let other = stop(b"o", Framing::None);
        assert!(record.remember("mount", "port", &other));
        assert_eq!(record.sequences(), Ok(vec![said, other]));
    }
}
