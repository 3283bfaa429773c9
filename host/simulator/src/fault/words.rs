//! The words of a fault, one taken after the other, and what each can say.

use super::{FaultError, LieKind, Part};
use crate::axis::SLEW_RATE;
use crate::mount::Drive;
use jiff::SignedDuration;
use std::time::Duration;

/// The words that are left, and those that were asked for.
pub(super) struct Words<'a> {
    kind: &'a str,
    value: Option<&'a str>,
    rest: Vec<(&'a str, &'a str)>,
    takes: Vec<&'static str>,
}

/// How a word is read, and what to say of it to people.
pub(super) struct Reader<T> {
    wanted: &'static str,
    read: fn(&str) -> Option<T>,
}

/// The longest time that a fault can have, so that it can be added to any instant.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The most bytes that are changed, left or babbled: more than any reply has.
const MOST_BYTES: u32 = 4096;

/// Degrees a second: faster than the drive ever turns, so that nothing is kept from trying.
const FASTEST: f64 = 2.0 * SLEW_RATE;

pub(super) const COUNT: Reader<u32> = Reader {
    wanted: "a whole number from 1",
    read: |text| text.parse().ok().filter(|count| *count >= 1),
};
pub(super) const STOPS: Reader<u32> = Reader {
    wanted: "a whole number",
    read: |text| text.parse().ok(),
};
pub(super) const BYTES: Reader<u32> = Reader {
    wanted: "a number of bytes from 1 to 4096",
    read: |text| (COUNT.read)(text).filter(|bytes| *bytes <= MOST_BYTES),
};
pub(super) const LEFT: Reader<u32> = Reader {
    wanted: "a number of bytes from 0 to 4096",
    read: |text| text.parse().ok().filter(|bytes| *bytes <= MOST_BYTES),
};
pub(super) const TIME: Reader<Duration> = Reader {
    wanted: "a time such as 200ms, 5s or 2m, of at most a day",
    read: |text| {
        let time = Duration::try_from(text.parse::<SignedDuration>().ok()?).ok()?;
        (!time.is_zero() && time <= LONGEST).then_some(time)
    },
};
pub(super) const CHANCE: Reader<f64> = Reader {
    wanted: "a chance above 0, up to 1, such as 0.05",
    read: |text| number(text).filter(|chance| *chance > 0.0 && *chance <= 1.0),
};
pub(super) const SEED: Reader<u64> = Reader {
    wanted: "a whole number",
    read: |text| text.parse().ok(),
};
pub(super) const REQUEST: Reader<String> = Reader {
    wanted: "what a request begins with, such as :GR",
    read: |text| (!text.is_empty()).then(|| text.to_owned()),
};
pub(super) const DRIVE: Reader<Drive> = Reader {
    wanted: "first or second",
    read: |text| {
        let mut drives = Drive::BOTH.into_iter();
        drives.find(|drive| drive.name() == text)
    },
};
pub(super) const PART: Reader<Part> = Reader {
    wanted: "request or reply",
    read: |text| {
        let mut parts = [Part::Request, Part::Reply].into_iter();
        parts.find(|part| part.name() == text)
    },
};
pub(super) const RATE: Reader<f64> = Reader {
    wanted: "degrees a second from -12 to 12, and not 0",
    read: |text| number(text).filter(|rate| *rate != 0.0 && rate.abs() <= FASTEST),
};
/// Of the second axis, for whoever reads on.
pub(super) const LIE: Reader<LieKind> = Reader {
    wanted: "degrees from -180 to 180, or frozen",
    read: |text| match text {
        "frozen" => Some(LieKind::Frozen),
        text => Some(LieKind::Off {
            degrees: number(text).filter(|degrees| degrees.abs() <= 180.0)?,
            drive: Drive::Second,
        }),
    },
};

/// Neither infinite nor no number at all.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

impl<'a> Words<'a> {
    /// Parts a text at its commas. Spaces around a word mean nothing.
    pub(super) fn of(text: &'a str) -> Self {
        let mut words = text.split(',').map(str::trim);
        let (kind, value) = parted(words.next().unwrap_or_default());
        let rest = words.map(parted);
        Self {
            kind,
            value,
            rest: rest
                .map(|(name, value)| (name, value.unwrap_or_default()))
                .collect(),
            takes: Vec::new(),
        }
    }

    pub(super) fn kind(&self) -> &'a str {
        self.kind
    }

    /// What stands behind the kind, if anything.
    pub(super) fn value<T>(&mut self, reader: &Reader<T>) -> Result<Option<T>, FaultError> {
        let value = self.value.take();
        value.map(|value| reader.read(self.kind, value)).transpose()
    }

    /// A parameter, if it is there.
    pub(super) fn take<T>(
        &mut self,
        name: &'static str,
        reader: &Reader<T>,
    ) -> Result<Option<T>, FaultError> {
        self.takes.push(name);
        let Some(at) = self.rest.iter().position(|(there, _)| *there == name) else {
            return Ok(None);
        };
        let (_, value) = self.rest.remove(at);
        reader.read(name, value).map(Some)
    }

    /// Nothing may be left that nobody asked for.
    pub(super) fn finish(self) -> Result<(), FaultError> {
        let kind = self.kind.to_owned();
        if self.value.is_some() {
            return Err(FaultError::Valued { kind });
        }
        match self.rest.first() {
            None => Ok(()),
            Some((name, _)) if self.takes.contains(name) => Err(FaultError::Twice {
                name: (*name).to_owned(),
            }),
            Some((name, _)) => Err(FaultError::Parameter {
                kind,
                name: (*name).to_owned(),
                takes: self.takes,
            }),
        }
    }
}

impl<T> Reader<T> {
    fn read(&self, name: &str, value: &str) -> Result<T, FaultError> {
        (self.read)(value).ok_or_else(|| FaultError::Value {
            name: name.to_owned(),
            wanted: self.wanted,
            value: value.to_owned(),
        })
    }
}

fn parted(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((name, value)) => (name.trim_end(), Some(value.trim_start())),
        None => (word, None),
    }
}
