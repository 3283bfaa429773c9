//! A fault in the words that it is read from; what it has anyhow is left out.

use super::{AxisKind, Fault, Kind, LieKind, Part, Scope, WireKind};
use crate::mount::Drive;
use jiff::SignedDuration;
use std::fmt;
use std::time::Duration;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Wire(kind) => kind.fmt(f),
            Kind::Axis(kind) => kind.fmt(f),
            Kind::Lie(kind) => kind.fmt(f),
        }?;
        self.scope.fmt(f)
    }
}

impl fmt::Display for WireKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop(Part::Reply) => write!(f, "drop"),
            Self::Drop(part) => write!(f, "drop,what={}", part.name()),
            Self::Delay(later) => write!(f, "delay={}", time(*later)),
            Self::Garble(bytes) => write!(f, "garble={bytes}"),
            Self::Cut(None) => write!(f, "cut"),
            Self::Cut(Some(left)) => write!(f, "cut={left}"),
            Self::Silence => write!(f, "silence"),
            Self::Disconnect(away) => write!(f, "disconnect={}", time(*away)),
            Self::Babble { bytes, every } => write!(f, "babble={bytes},every={}", time(*every)),
        }
    }
}

impl fmt::Display for AxisKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stuck(drive) => write!(f, "stuck={}", drive.name()),
            Self::Runaway {
                drive,
                rate,
                ignores,
            } => {
                write!(f, "runaway={}", drive.name())?;
                given(f, "rate", rate.as_ref())?;
                given(f, "ignores", ignores.as_ref())
            }
        }
    }
}

impl fmt::Display for LieKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frozen => write!(f, "lie=frozen"),
            Self::Off { degrees, drive } => write!(f, "lie={degrees},axis={}", drive.name()),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        given(f, "next", self.next.as_ref())?;
        given(f, "chance", self.chance.as_ref())?;
        given(f, "seed", Some(&self.seed).filter(|seed| **seed != 0))?;
        given(f, "for", self.lasts.map(time).as_ref())?;
        given(f, "match", self.matching.as_ref())
    }
}

fn given(f: &mut fmt::Formatter<'_>, name: &str, value: Option<&impl fmt::Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, ",{name}={value}"))
}

/// `200ms`, `5s`, `1m30s`.
fn time(time: Duration) -> String {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    format!("{time:#}").replace(' ', "")
}

impl Part {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Reply => "reply",
        }
    }
}

impl Drive {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::names;
    use super::Fault;
    use proptest::prelude::*;

    /// Words that mean something for some kind, in any order and number.
    fn parameter() -> impl Strategy<Value = String> {
        let values = prop::sample::select(vec![
            "1", "7", "0.25", "first", "second", "200ms", "1.5s", "90s", "frozen", ":GR", "reply",
            "request", "-3.5",
        ]);
        let names = prop::sample::select(vec![
            "next", "chance", "seed", "for", "match", "what", "every", "rate", "ignores", "axis",
        ]);
        (names, values).prop_map(|(name, value)| format!(",{name}={value}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn what_it_is_called_is_read_as_the_same(
            kind in prop::sample::select(names().to_vec()),
            value in prop::option::of(prop::sample::select(vec!["3", "1.5s", "second", "frozen"])),
            parameters in prop::collection::vec(parameter(), 0..3),
        ) {
            let value = value.map_or_else(String::new, |value| format!("={value}"));
            let text = format!("{kind}{value}{}", parameters.concat());
            if let Ok(fault) = text.parse::<Fault>() {
                prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
            }
        }
    }
}
