//! The commands that a Classic knows, by their first letters.

use super::format::{self, accepted, text};
use super::{Alignment, Lx200, Precision, motion};
use crate::mount::{Course, Direction, Home, Tracking};

/// What a command does, and its reply: none, one character, or a text that ends with `#`.
enum Verb {
    /// It is the whole command.
    Plain(fn(&mut Lx200) -> Vec<u8>),
    /// A value follows.
    Value(fn(&mut Lx200, &str) -> Vec<u8>),
}

use Verb::{Plain, Value};

const VERBS: &[(&str, Verb)] = &[
    // Where it is.
    (
        "GR",
        Plain(|it| text(&format::ra(it.position().ra, it.precision))),
    ),
    (
        "GD",
        Plain(|it| text(&format::dec(it.position().dec, it.precision))),
    ),
    (
        "GA",
        Plain(|it| text(&format::dec(it.horizontal().altitude, it.precision))),
    ),
    (
        "GZ",
        Plain(|it| text(&format::azimuth(it.horizontal().azimuth, it.precision))),
    ),
    ("GS", Plain(|it| text(&format::time(it.sidereal_time())))),
    ("D", Plain(Lx200::distance_bars)),
    // Where it shall be.
    (
        "Gr",
        Plain(|it| text(&format::ra(it.target.ra, it.precision))),
    ),
    (
        "Gd",
        Plain(|it| text(&format::dec(it.target.dec, it.precision))),
    ),
    ("Sr", Value(|it, value| accepted(it.set_target_ra(value)))),
    ("Sd", Value(|it, value| accepted(it.set_target_dec(value)))),
    (
        "Sa",
        Value(|it, value| accepted(it.set_target_altitude(value))),
    ),
    (
        "Sz",
        Value(|it, value| accepted(it.set_target_azimuth(value))),
    ),
    ("MS", Plain(Lx200::slew)),
    ("MA", Plain(Lx200::slew_to_horizontal)),
    ("CM", Plain(Lx200::sync)),
    // Motion by hand.
    ("RG", Plain(|it| silently(|| it.jog_rate = motion::GUIDE))),
    ("RC", Plain(|it| silently(|| it.jog_rate = motion::CENTER))),
    ("RM", Plain(|it| silently(|| it.jog_rate = motion::FIND))),
    ("RS", Plain(|it| silently(|| it.jog_rate = motion::SLEW))),
    (
        "Mn",
        Plain(|it| silently(|| it.mount.jog(Direction::North, it.jog_rate))),
    ),
    (
        "Ms",
        Plain(|it| silently(|| it.mount.jog(Direction::South, it.jog_rate))),
    ),
    (
        "Me",
        Plain(|it| silently(|| it.mount.jog(Direction::East, it.jog_rate))),
    ),
    (
        "Mw",
        Plain(|it| silently(|| it.mount.jog(Direction::West, it.jog_rate))),
    ),
    (
        "Qn",
        Plain(|it| silently(|| it.mount.stop_jog(Direction::North))),
    ),
    (
        "Qs",
        Plain(|it| silently(|| it.mount.stop_jog(Direction::South))),
    ),
    (
        "Qe",
        Plain(|it| silently(|| it.mount.stop_jog(Direction::East))),
    ),
    (
        "Qw",
        Plain(|it| silently(|| it.mount.stop_jog(Direction::West))),
    ),
    ("Q", Plain(|it| silently(|| it.mount.stop()))),
    // Following the sky.
    ("TQ", Plain(|it| silently(|| it.follow(Tracking::Sidereal)))),
    ("TS", Plain(|it| silently(|| it.follow(Tracking::Solar)))),
    ("TL", Plain(|it| silently(|| it.follow(Tracking::Lunar)))),
    ("GT", Plain(|it| text(&format::hertz(it.rate.hertz())))),
    ("AP", Plain(|it| silently(|| it.align(Alignment::Polar)))),
    (
        "AA",
        Plain(|it| silently(|| it.align(Alignment::AltAzimuth))),
    ),
    ("AL", Plain(|it| silently(|| it.align(Alignment::Land)))),
    // Park and home.
    ("hP", Plain(|it| silently(|| it.mount.park()))),
    ("hW", Plain(|it| silently(|| it.mount.wake()))),
    ("hF", Plain(|it| silently(|| it.mount.find_home()))),
    ("hC", Plain(|it| silently(|| it.mount.find_home()))),
    ("h?", Plain(|it| vec![it.home_digit()])),
    // Site and time.
    (
        "Gt",
        Plain(|it| text(&format::dec(it.belief.site.latitude, Precision::Low))),
    ),
    (
        "Gg",
        Plain(|it| text(&format::azimuth(-it.belief.site.longitude, Precision::Low))),
    ),
    ("GL", Plain(|it| text(&format::time(it.local_hours())))),
    ("GC", Plain(|it| text(&it.local_date()))),
    ("GG", Plain(|it| text(&format::zone(it.belief.zone)))),
    ("St", Value(|it, value| accepted(it.set_latitude(value)))),
    ("Sg", Value(|it, value| accepted(it.set_longitude(value)))),
    ("SL", Value(|it, value| accepted(it.set_local_time(value)))),
    ("SG", Value(|it, value| accepted(it.set_zone(value)))),
    ("SC", Value(Lx200::set_date)),
    // Limits: a Meade's `h` is the highest altitude, not the horizon.
    ("Gh", Plain(|it| text(&format::limit(it.highest)))),
    ("Go", Plain(|it| text(&format::limit(it.lowest)))),
    (
        "Sh",
        Value(|it, value| accepted(motion::set_limit(&mut it.highest, value))),
    ),
    (
        "So",
        Value(|it, value| accepted(motion::set_limit(&mut it.lowest, value))),
    ),
    // How it speaks.
    (
        "U",
        Plain(|it| silently(|| it.precision = it.precision.other())),
    ),
    ("P", Plain(Lx200::toggle_pointing)),
];

impl Lx200 {
    /// Does what a command says and returns the reply. What it does not know it neither does nor answers; while it
    /// looks for its home marks it knows only `:Q#` and `:h?#` (manual, p. 56).
    pub(super) fn obey(&mut self, command: &str) -> Vec<u8> {
        if self.mount.course() == Course::Homing && !["Q", "h?"].contains(&command) {
            return Vec::new();
        }
        for (verb, what) in VERBS {
            match (command.strip_prefix(verb), what) {
                (Some(""), Plain(does)) => return does(self),
                (Some(value), Value(does)) => return does(self, value),
                _ => {}
            }
        }
        Vec::new()
    }

    fn home_digit(&self) -> u8 {
        match (self.mount.course(), self.mount.home()) {
            (Course::Homing, _) => b'2',
            (_, Home::Found) => b'1',
            (_, Home::Unknown) => b'0',
        }
    }

    /// 14 characters without `#`.
    fn toggle_pointing(&mut self) -> Vec<u8> {
        self.high_pointing = !self.high_pointing;
        if self.high_pointing {
            b"HIGH PRECISION".to_vec()
        } else {
            b"LOW  PRECISION".to_vec()
        }
    }
}

impl Precision {
    fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// Does something that has no reply.
fn silently(does: impl FnOnce()) -> Vec<u8> {
    does();
    Vec::new()
}
