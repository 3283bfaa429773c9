//! Commands by their first letters, and those that every dialect has.

use super::Lx200;
use super::answer::Answer;
use super::format;
use crate::mount::{Direction, Tracking};

/// What a command does, and its reply.
pub(super) enum Verb {
    /// It is the whole command.
    Plain(fn(&mut Lx200) -> Answer),
    /// A value follows.
    Value(fn(&mut Lx200, &str) -> Answer),
}

/// The letters and what they mean.
pub(super) type Entry = (&'static str, Verb);

use Verb::{Plain, Value};

/// What all dialects have in common; a dialect's own table goes before it.
pub(super) const COMMON: &[Entry] = &[
    // Where it is.
    (
        "GR",
        Plain(|it| Answer::Text(it.style().ra(it.position().ra))),
    ),
    (
        "GD",
        Plain(|it| Answer::Text(it.style().dec(it.position().dec))),
    ),
    (
        "GA",
        Plain(|it| Answer::Text(it.style().dec(it.horizontal().altitude))),
    ),
    (
        "GZ",
        Plain(|it| Answer::Text(it.style().azimuth(it.horizontal().azimuth))),
    ),
    (
        "GS",
        Plain(|it| Answer::Text(format::time(it.sidereal_time()))),
    ),
    // Where it shall be.
    ("Gr", Plain(|it| Answer::Text(it.style().ra(it.target.ra)))),
    (
        "Gd",
        Plain(|it| Answer::Text(it.style().dec(it.target.dec))),
    ),
    (
        "Sr",
        Value(|it, value| Answer::flag(it.set_target_ra(value))),
    ),
    (
        "Sd",
        Value(|it, value| Answer::flag(it.set_target_dec(value))),
    ),
    (
        "Sa",
        Value(|it, value| Answer::flag(it.set_target_altitude(value))),
    ),
    (
        "Sz",
        Value(|it, value| Answer::flag(it.set_target_azimuth(value))),
    ),
    // Motion by hand.
    (
        "Mn",
        Plain(|it| it.silently(|it| it.mount.jog(Direction::North, it.jog_rate))),
    ),
    (
        "Ms",
        Plain(|it| it.silently(|it| it.mount.jog(Direction::South, it.jog_rate))),
    ),
    (
        "Me",
        Plain(|it| it.silently(|it| it.mount.jog(Direction::East, it.jog_rate))),
    ),
    (
        "Mw",
        Plain(|it| it.silently(|it| it.mount.jog(Direction::West, it.jog_rate))),
    ),
    (
        "Qn",
        Plain(|it| it.silently(|it| it.mount.stop_jog(Direction::North))),
    ),
    (
        "Qs",
        Plain(|it| it.silently(|it| it.mount.stop_jog(Direction::South))),
    ),
    (
        "Qe",
        Plain(|it| it.silently(|it| it.mount.stop_jog(Direction::East))),
    ),
    (
        "Qw",
        Plain(|it| it.silently(|it| it.mount.stop_jog(Direction::West))),
    ),
    ("Q", Plain(|it| it.silently(|it| it.mount.stop()))),
    // What it follows.
    (
        "TQ",
        Plain(|it| it.silently(|it| it.follow(Tracking::Sidereal))),
    ),
    (
        "TS",
        Plain(|it| it.silently(|it| it.follow(Tracking::Solar))),
    ),
    (
        "TL",
        Plain(|it| it.silently(|it| it.follow(Tracking::Lunar))),
    ),
    // Site and time.
    (
        "Gt",
        Plain(|it| Answer::Text(it.style().low().dec(it.belief.site.latitude))),
    ),
    (
        "GL",
        Plain(|it| Answer::Text(format::time(it.local_hours()))),
    ),
    (
        "Ga",
        Plain(|it| Answer::Text(format::half_day(it.local_hours()))),
    ),
    ("GC", Plain(|it| Answer::Text(it.local_date()))),
    ("Gc", Plain(|_| Answer::text("24"))),
    (
        "St",
        Value(|it, value| Answer::flag(it.set_latitude(value))),
    ),
    (
        "Sg",
        Value(|it, value| Answer::flag(it.set_longitude(value))),
    ),
    (
        "SL",
        Value(|it, value| Answer::flag(it.set_local_time(value))),
    ),
    ("SG", Value(|it, value| Answer::flag(it.set_zone(value)))),
    // The pace of the line. A pseudo-terminal has none, so there is nothing to change.
    (
        "SB",
        Value(|_, value| Answer::flag(matches!(value.as_bytes(), [b'1'..=b'9']))),
    ),
];

impl Lx200 {
    /// Does what a command says, if the dialect knows it.
    pub(super) fn dispatch(&mut self, command: &str) -> Option<Answer> {
        let entries = self.manner.verbs.iter().flat_map(|table| table.iter());
        for (letters, verb) in entries {
            match (command.strip_prefix(letters), verb) {
                (Some(""), Plain(does)) => return Some(does(self)),
                (Some(value), Value(does)) => return Some(does(self, value)),
                _ => {}
            }
        }
        None
    }

    /// Does something that has no reply.
    pub(super) fn silently(&mut self, does: impl FnOnce(&mut Self)) -> Answer {
        does(self);
        Answer::Silent
    }
}
