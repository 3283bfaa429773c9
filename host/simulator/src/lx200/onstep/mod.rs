//! OnStepX on a German mount.
//!
//! Sources: the comments on each command in the firmware, and what INDI's driver asks for. It is always precise, answers
//! `0` to what it does not know, and tells the reason of a refusal by a digit (`:MS#`) or when it is asked (`:GE#`).
//!
//! It has been set up by its owner: it tracks, follows and slews down to the horizon and up to the zenith until `:Sh…#`
//! and `:So…#` say otherwise, and its telescope changes sides one hour past the meridian; tracking ends there. It has
//! neither home switches nor focuser, rotator, pointing model, PEC or refraction, and its motors do not fail: `:MS#`
//! never answers 6, 7 or 9. It does not watch the altitude while it moves.
//!
//! `fault` is why something is not done, `motion` what moves it, `park` parking and home, `status` what it says of itself.

mod fault;
mod motion;
mod park;
mod status;

use super::answer::Answer;
use super::dialect::Manner;
use super::motion::set_limit;
use super::verbs::{COMMON, Entry, Verb::Plain, Verb::Value};
use super::{Lx200, Precision, format};
use crate::mount::{Direction, Geometry, Hemisphere, Tracking};
use fault::Fault;
use motion::Rate;

pub(super) static MANNER: Manner = Manner {
    verbs: &[VERBS, COMMON],
    obey,
    mark: '*',
    precision: Some(Precision::High),
    checks: true,
    geometry: |latitude| Geometry::German(Hemisphere::at(latitude)),
    home: |latitude| (90.0, Hemisphere::at(latitude).pole()),
    rests_at_home: true,
};

/// What only OnStep keeps.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// What became of the last command.
    error: Fault,
    /// Its motors are off, as after it is switched on.
    standby: bool,
    /// Of the next jog, and of the next pulse.
    rate: Rate,
    pulse_rate: Rate,
    /// Arcseconds of backlash of the first and of the second axis. They are kept and told; its gears have none.
    backlash: [u16; 2],
}

const VERBS: &[Entry] = &[
    // What it is.
    ("GVP", Plain(|_| Answer::text("On-Step"))),
    ("GVN", Plain(|_| Answer::text("10.24a"))),
    ("GVD", Plain(|_| Answer::text("Nov 23 2026"))),
    ("GVT", Plain(|_| Answer::text("22:00:00"))),
    ("GVM", Plain(|_| Answer::text("OnStepX 10.24a"))),
    // How it is.
    ("GU", Plain(|it| Answer::Text(it.flags()))),
    ("GW", Plain(|it| Answer::Text(it.summary()))),
    ("Gm", Plain(|it| Answer::text(it.pier_letter()))),
    (
        "GE",
        Plain(|it| Answer::Text(format!("{:02}", it.onstep.error as u8))),
    ),
    (
        "D",
        Plain(|it| Answer::text(if it.slewing() { "\u{7f}" } else { "" })),
    ),
    // Where it is, and shall be, to parts of a second.
    (
        "GRH",
        Plain(|it| Answer::Text(format::fine_hours(it.position().ra))),
    ),
    (
        "GDH",
        Plain(|it| Answer::Text(it.fine_degrees(it.position().dec, 2))),
    ),
    (
        "GrH",
        Plain(|it| Answer::Text(format::fine_hours(it.target.ra))),
    ),
    (
        "GdH",
        Plain(|it| Answer::Text(it.fine_degrees(it.target.dec, 2))),
    ),
    (
        "GSH",
        Plain(|it| Answer::Text(format::fine_hours(it.sidereal_time()))),
    ),
    (
        "GLH",
        Plain(|it| Answer::Text(format::fine_hours(it.local_hours()))),
    ),
    ("MS", Plain(|it| it.slew(it.target))),
    ("MA", Plain(|it| it.slew(it.target_of_horizontal()))),
    ("CM", Plain(Lx200::sync_and_tell)),
    ("CS", Plain(|it| it.quietly(Lx200::sync_if_possible))),
    // Motion by hand.
    (
        "Mn",
        Plain(|it| it.quietly(|it| it.drive(Direction::North))),
    ),
    (
        "Ms",
        Plain(|it| it.quietly(|it| it.drive(Direction::South))),
    ),
    ("Me", Plain(|it| it.quietly(|it| it.drive(Direction::East)))),
    ("Mw", Plain(|it| it.quietly(|it| it.drive(Direction::West)))),
    ("Mg", Value(|it, value| it.quietly(|it| it.pulse(value)))),
    ("MG", Value(|it, value| it.tell(|it| it.pulse(value)))),
    // Either letter ends both ways of its axis.
    (
        "Qn",
        Plain(|it| it.silently(|it| it.end([Direction::North, Direction::South]))),
    ),
    (
        "Qs",
        Plain(|it| it.silently(|it| it.end([Direction::North, Direction::South]))),
    ),
    (
        "Qe",
        Plain(|it| it.silently(|it| it.end([Direction::East, Direction::West]))),
    ),
    (
        "Qw",
        Plain(|it| it.silently(|it| it.end([Direction::East, Direction::West]))),
    ),
    ("R", Value(Lx200::choose_rate)),
    // What it follows.
    (
        "TK",
        Plain(|it| it.silently(|it| it.follow(Tracking::King))),
    ),
    ("Te", Plain(|it| it.tell(Lx200::track))),
    ("Td", Plain(|it| it.tell(Lx200::stop_tracking))),
    ("GT", Plain(|it| Answer::Text(it.frequency()))),
    // Park and home.
    ("hP", Plain(|it| it.tell(Lx200::park_if_possible))),
    ("hR", Plain(|it| it.tell(Lx200::unpark))),
    ("hQ", Plain(|it| it.tell(Lx200::park_here))),
    ("hC", Plain(|it| it.quietly(Lx200::go_home))),
    ("hF", Plain(|it| it.quietly(Lx200::be_home))),
    // No switches, and so no offsets from them.
    ("h?", Plain(|_| Answer::text("0,0,0"))),
    // Site and time.
    (
        "GtH",
        Plain(|it| Answer::Text(it.fine_degrees(it.belief.site.latitude, 2))),
    ),
    (
        "Gg",
        Plain(|it| Answer::Text(it.style().low().longitude(-it.belief.site.longitude))),
    ),
    (
        "GgH",
        Plain(|it| Answer::Text(it.fine_degrees(-it.belief.site.longitude, 3))),
    ),
    (
        "Gv",
        Plain(|it| Answer::Text(format!("{:.1}", it.belief.site.elevation))),
    ),
    (
        "Sv",
        Value(|it, value| Answer::flag(it.set_elevation(value))),
    ),
    ("GG", Plain(|it| Answer::Text(format::zone(it.belief.zone)))),
    (
        "SC",
        Value(|it, value| Answer::flag(it.set_local_date(value))),
    ),
    ("GM", Plain(|_| Answer::text("None"))),
    // Limits: its `h` is the horizon, as in the word.
    (
        "Gh",
        Plain(|it| Answer::Text(format!("{:+03.0}*", it.lowest))),
    ),
    (
        "Go",
        Plain(|it| Answer::Text(format!("{:02.0}*", it.highest))),
    ),
    (
        "Sh",
        Value(|it, value| Answer::flag(set_limit(&mut it.lowest, value, -30.0..=30.0))),
    ),
    (
        "So",
        Value(|it, value| Answer::flag(set_limit(&mut it.highest, value, 60.0..=90.0))),
    ),
    (
        "%BR",
        Plain(|it| Answer::Text(it.onstep.backlash[0].to_string())),
    ),
    (
        "%BD",
        Plain(|it| Answer::Text(it.onstep.backlash[1].to_string())),
    ),
    (
        "$BR",
        Value(|it, value| Answer::flag(set_backlash(&mut it.onstep.backlash[0], value))),
    ),
    (
        "$BD",
        Value(|it, value| Answer::flag(set_backlash(&mut it.onstep.backlash[1], value))),
    ),
    // What it has not: focusers, pointing models.
    ("FA", Plain(|_| Answer::flag(false))),
    ("fA", Plain(|_| Answer::flag(false))),
    ("A?", Plain(|_| Answer::text("000"))),
    ("GX", Value(Lx200::extended)),
];

/// What it does not know it answers with `0`, as what it does not do.
fn obey(it: &mut Lx200, command: &str) -> Answer {
    if command != "GE" {
        it.onstep.error = Fault::None;
    }
    let answer = it.dispatch(command).unwrap_or_else(|| it.unknown());
    let refused = answer == Answer::flag(false) && command.starts_with(['S', '$']);
    if refused && it.onstep.error == Fault::None {
        it.onstep.error = Fault::Range;
    }
    answer
}

impl Lx200 {
    fn unknown(&mut self) -> Answer {
        self.onstep.error = Fault::Unknown;
        Answer::flag(false)
    }

    /// Does what may be refused, and says whether it was done.
    fn tell(&mut self, does: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Answer {
        let done = does(self);
        self.note(done);
        Answer::flag(done.is_ok())
    }

    /// Does what may be refused, and does not say so.
    fn quietly(&mut self, does: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Answer {
        let done = does(self);
        self.note(done);
        Answer::Silent
    }

    fn note(&mut self, done: Result<(), Fault>) {
        self.onstep.error = done.err().unwrap_or_default();
    }

    fn fine_degrees(&self, degrees: f64, width: usize) -> String {
        format::fine_degrees(degrees, self.manner.mark, width)
    }
}

fn set_backlash(backlash: &mut u16, value: &str) -> bool {
    let read = value.parse().ok().filter(|read| *read <= 3600);
    if let Some(read) = read {
        *backlash = read;
    }
    read.is_some()
}
