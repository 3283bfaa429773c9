//! From words to a fault.

use super::words::{
    BYTES, CHANCE, COUNT, DRIVE, LEFT, LIE, PART, RATE, REQUEST, SEED, STOPS, TIME, Words,
};
use super::{AxisKind, BABBLE, Fault, FaultError, Kind, LieKind, Part, SECOND, Scope, WireKind};
use crate::mount::Drive;
use std::str::FromStr;
use strsim::damerau_levenshtein;

type Read = fn(&mut Words) -> Result<Fault, FaultError>;

/// The kinds by their names.
const KINDS: [(&str, Read); 10] = [
    ("drop", drop_part),
    ("delay", |words| {
        let later = words.value(&TIME)?.unwrap_or(SECOND);
        of_frames(words, WireKind::Delay(later))
    }),
    ("garble", |words| {
        let bytes = words.value(&BYTES)?.unwrap_or(1);
        of_frames(words, WireKind::Garble(bytes))
    }),
    ("cut", |words| {
        let left = words.value(&LEFT)?;
        of_frames(words, WireKind::Cut(left))
    }),
    ("silence", |words| {
        of_time(words, Kind::Wire(WireKind::Silence))
    }),
    ("disconnect", |words| {
        let away = words.value(&TIME)?.unwrap_or(SECOND);
        of_frames(words, WireKind::Disconnect(away))
    }),
    ("babble", babble),
    ("stuck", |words| {
        let drive = words.value(&DRIVE)?.unwrap_or(Drive::First);
        of_time(words, Kind::Axis(AxisKind::Stuck(drive)))
    }),
    ("runaway", |words| {
        let runaway = AxisKind::Runaway {
            drive: words.value(&DRIVE)?.unwrap_or(Drive::First),
            rate: words.take("rate", &RATE)?,
            ignores: words.take("ignores", &STOPS)?,
        };
        of_time(words, Kind::Axis(runaway))
    }),
    ("lie", lie),
];

/// What a kind has to be like to be meant: at most half of what was written is other.
const NEAR: usize = 2;

/// The kinds that there are.
pub(super) fn names() -> [&'static str; KINDS.len()] {
    KINDS.map(|(name, _)| name)
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut words = Words::of(text);
        let known = KINDS.iter().find(|(name, _)| *name == words.kind());
        let (_, read) = known.ok_or_else(|| unknown(words.kind()))?;
        let fault = read(&mut words)?;
        words.finish()?;
        Ok(fault)
    }
}

fn unknown(name: &str) -> FaultError {
    let distance = |known: &&str| damerau_levenshtein(name, known);
    let nearest = names().into_iter().min_by_key(distance);
    FaultError::Unknown {
        name: name.to_owned(),
        nearest: nearest.filter(|known| distance(known) * NEAR <= name.chars().count()),
    }
}

fn drop_part(words: &mut Words) -> Result<Fault, FaultError> {
    let part = words.take("what", &PART)?.unwrap_or(Part::Reply);
    of_frames(words, WireKind::Drop(part))
}

fn babble(words: &mut Words) -> Result<Fault, FaultError> {
    let kind = WireKind::Babble {
        bytes: words.value(&BYTES)?.unwrap_or(BABBLE),
        every: words.take("every", &TIME)?.unwrap_or(SECOND),
    };
    let scope = Scope {
        next: words.take("next", &COUNT)?,
        seed: words.take("seed", &SEED)?.unwrap_or_default(),
        lasts: words.take("for", &TIME)?,
        ..Scope::default()
    };
    let kind = Kind::Wire(kind);
    Ok(Fault { kind, scope })
}

fn lie(words: &mut Words) -> Result<Fault, FaultError> {
    let off = LieKind::Off {
        degrees: 5.0,
        drive: Drive::Second,
    };
    let mut lie = words.value(&LIE)?.unwrap_or(off);
    if let LieKind::Off { drive, .. } = &mut lie {
        *drive = words.take("axis", &DRIVE)?.unwrap_or(*drive);
    }
    of_time(words, Kind::Lie(lie))
}

/// A fault that strikes at requests or replies.
fn of_frames(words: &mut Words, kind: WireKind) -> Result<Fault, FaultError> {
    let scope = Scope {
        next: words.take("next", &COUNT)?,
        chance: words.take("chance", &CHANCE)?,
        seed: words.take("seed", &SEED)?.unwrap_or_default(),
        lasts: words.take("for", &TIME)?,
        matching: words.take("match", &REQUEST)?,
    };
    let kind = Kind::Wire(kind);
    Ok(Fault { kind, scope })
}

/// A fault that is there for a while.
fn of_time(words: &mut Words, kind: Kind) -> Result<Fault, FaultError> {
    let scope = Scope {
        lasts: words.take("for", &TIME)?,
        ..Scope::default()
    };
    Ok(Fault { kind, scope })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<Fault>().unwrap_err().to_string()
    }

    #[test]
    fn a_kind_that_there_is_not_names_the_nearest_and_all() {
        let all =
            "there are drop, delay, garble, cut, silence, disconnect, babble, stuck, runaway, lie";
        assert_eq!(
            refused("grable,next=3"),
            format!("no fault is called \"grable\"; did you mean garble? {all}")
        );
        for nothing_like_it in ["", "explode"] {
            assert_eq!(
                refused(nothing_like_it),
                format!("no fault is called {nothing_like_it:?}; {all}")
            );
        }
    }

    #[test]
    fn a_parameter_that_a_kind_has_not_names_those_that_it_has() {
        assert_eq!(
            refused("garble,rate=3"),
            "garble takes no \"rate\"; it takes next, chance, seed, for, match"
        );
        assert_eq!(
            refused("stuck,next=3"),
            "stuck takes no \"next\"; it takes for"
        );
        assert_eq!(
            refused("lie=frozen,axis=first"),
            "lie takes no \"axis\"; it takes for"
        );
        assert_eq!(
            refused("drop,next=1,next=2"),
            "next is there twice; write it once"
        );
        assert_eq!(
            refused("silence=5s"),
            "silence takes no value; write it without \"=\""
        );
    }

    #[test]
    fn a_value_that_is_none_says_what_would_be_one() {
        for (text, said) in [
            (
                "delay=soon",
                "delay takes a time such as 200ms, 5s or 2m, of at most a day, not \"soon\"",
            ),
            (
                "silence,for=",
                "for takes a time such as 200ms, 5s or 2m, of at most a day, not \"\"",
            ),
            (
                "silence,for=-5s",
                "for takes a time such as 200ms, 5s or 2m, of at most a day, not \"-5s\"",
            ),
            (
                "silence,for=2d",
                "for takes a time such as 200ms, 5s or 2m, of at most a day, not \"2d\"",
            ),
            ("drop,next=0", "next takes a whole number from 1, not \"0\""),
            ("drop,next", "next takes a whole number from 1, not \"\""),
            (
                "drop,chance=2",
                "chance takes a chance above 0, up to 1, such as 0.05, not \"2\"",
            ),
            (
                "drop,what=both",
                "what takes request or reply, not \"both\"",
            ),
            (
                "drop,match=",
                "match takes what a request begins with, such as :GR, not \"\"",
            ),
            (
                "garble=0",
                "garble takes a number of bytes from 1 to 4096, not \"0\"",
            ),
            ("stuck=third", "stuck takes first or second, not \"third\""),
            (
                "runaway,rate=NaN",
                "rate takes degrees a second from -12 to 12, and not 0, not \"NaN\"",
            ),
            (
                "lie=much",
                "lie takes degrees from -180 to 180, or frozen, not \"much\"",
            ),
        ] {
            assert_eq!(refused(text), said, "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_what_the_page_says() {
        for (text, whole) in [
            ("drop", "drop,what=reply"),
            ("delay", "delay=1s"),
            ("garble", "garble=1,seed=0"),
            ("disconnect", "disconnect=1s"),
            ("babble", "babble=8,every=1s"),
            ("stuck", "stuck=first"),
            ("runaway,rate=2", " runaway = first , rate = 2 "),
            ("lie", "lie=5,axis=second"),
        ] {
            assert_eq!(text.parse::<Fault>(), whole.parse::<Fault>(), "{text}");
            assert!(text.parse::<Fault>().is_ok(), "{text}");
        }
    }
}
