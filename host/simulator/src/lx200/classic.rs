//! A Meade LX200 Classic on its fork.
//!
//! Sources: Meade's *LX200 Telescope Operation Manual*, appendix on the command set, and how clients use it. It has no
//! `:GV…#` and no guide pulses, answers nothing to what it does not know, and starts in low precision. A parked one
//! goes on answering, refuses to move, and is woken by `:hW#`, `:AP#` or `:AA#`; a real one has to be switched off and
//! on, which no program can do. Where sources say `Ok` and `1` for a value that is taken, it is `1`: clients read one byte.

use super::answer::Answer;
use super::dialect::Manner;
use super::verbs::{COMMON, Entry, Verb::Plain, Verb::Value};
use super::{Alignment, Lx200, Precision, motion};
use crate::axis::SLEW_RATE;
use crate::mount::{Course, Geometry, Home};

pub(super) static MANNER: Manner = Manner {
    verbs: &[VERBS, COMMON],
    obey,
    mark: '\u{df}',
    precision: None,
    checks: false,
    geometry: |_| Geometry::Fork,
    home: |_| (0.0, 0.0),
    rests_at_home: false,
};

/// Degrees a second that a jog runs at, by rate: twice and sixteen times the rate of the sky, and two of the motor's own.
const GUIDE: f64 = 2.0 * 15.041 / 3600.0;
const CENTER: f64 = 16.0 * 15.041 / 3600.0;
const FIND: f64 = 2.0;

/// The width of the hand controller's line, which `:D#` fills with bars.
const BARS: usize = 32;
const BAR: char = '\u{7f}';
/// Degrees to go for each bar.
const DEGREES_PER_BAR: f64 = 180.0 / BARS as f64;

const VERBS: &[Entry] = &[
    ("D", Plain(distance_bars)),
    ("MS", Plain(slew)),
    ("MA", Plain(slew_to_horizontal)),
    ("CM", Plain(sync)),
    ("RG", Plain(|it| it.silently(|it| it.jog_rate = GUIDE))),
    ("RC", Plain(|it| it.silently(|it| it.jog_rate = CENTER))),
    ("RM", Plain(|it| it.silently(|it| it.jog_rate = FIND))),
    ("RS", Plain(|it| it.silently(|it| it.jog_rate = SLEW_RATE))),
    ("GT", Plain(|it| Answer::Text(hertz(it.rate.hertz())))),
    (
        "AP",
        Plain(|it| it.silently(|it| it.align(Alignment::Polar))),
    ),
    (
        "AA",
        Plain(|it| it.silently(|it| it.align(Alignment::AltAzimuth))),
    ),
    (
        "AL",
        Plain(|it| it.silently(|it| it.align(Alignment::Land))),
    ),
    // Park and home: both letters look for the home marks.
    ("hP", Plain(|it| it.silently(Lx200::go_park))),
    ("hW", Plain(|it| it.silently(|it| it.mount.wake()))),
    ("hF", Plain(|it| it.silently(find_home))),
    ("hC", Plain(|it| it.silently(find_home))),
    ("h?", Plain(home_digit)),
    (
        "Gg",
        Plain(|it| Answer::Text(it.style().low().azimuth(-it.belief.site.longitude))),
    ),
    ("GG", Plain(|it| Answer::Text(zone(it.belief.zone)))),
    ("SC", Value(set_date)),
    // Limits: its `h` is the highest altitude, not the horizon.
    ("Gh", Plain(|it| Answer::Text(limit(it.highest)))),
    ("Go", Plain(|it| Answer::Text(limit(it.lowest)))),
    (
        "Sh",
        Value(|it, value| Answer::flag(motion::set_limit(&mut it.highest, value, 0.0..=90.0))),
    ),
    (
        "So",
        Value(|it, value| Answer::flag(motion::set_limit(&mut it.lowest, value, 0.0..=90.0))),
    ),
    // How it speaks.
    (
        "U",
        Plain(|it| it.silently(|it| it.precision = it.precision.other())),
    ),
    ("P", Plain(toggle_pointing)),
];

/// What it does not know it neither does nor answers; while it looks for its home marks it knows only `:Q#` and
/// `:h?#` (manual, p. 56).
fn obey(it: &mut Lx200, command: &str) -> Answer {
    if it.mount.course() == Course::Homing && !["Q", "h?"].contains(&command) {
        return Answer::Silent;
    }
    it.dispatch(command).unwrap_or(Answer::Silent)
}

/// `:MS#`.
fn slew(it: &mut Lx200) -> Answer {
    let altitude = it.altitude_of(it.target);
    answer_slew(it, altitude, it.target)
}

/// `:MA#`, which only a mount that is set up as alt-azimuth or land has (manual). The text of the refusal is not in it.
fn slew_to_horizontal(it: &mut Lx200) -> Answer {
    if it.alignment == Alignment::Polar {
        return Answer::text("1Not in polar mode");
    }
    let (altitude, target) = (it.horizontal_target.altitude, it.target_of_horizontal());
    answer_slew(it, altitude, target)
}

/// `0` alone, or a digit and the reason.
fn answer_slew(it: &mut Lx200, altitude: f64, target: slewgate_sky::Equatorial) -> Answer {
    if let Some(refusal) = refusal(it, altitude) {
        return Answer::text(refusal);
    }
    it.go_to(target);
    Answer::Bare("0".to_owned())
}

fn refusal(it: &Lx200, altitude: f64) -> Option<&'static str> {
    if it.mount.course() == Course::Parked {
        Some("3Telescope is parked")
    } else if altitude < 0.0 {
        Some("1Object below horizon")
    } else if altitude > it.highest {
        Some("2Object above higher limit")
    } else if altitude < it.lowest {
        Some("4Object below lower limit")
    } else {
        None
    }
}

/// `:CM#`.
fn sync(it: &mut Lx200) -> Answer {
    it.sync();
    Answer::text("Coordinates matched.        ")
}

/// Its home marks are on the axes: syncing does not move them.
fn find_home(it: &mut Lx200) {
    it.mount.find_marks(it.home);
}

/// Looking, found, or not.
fn home_digit(it: &mut Lx200) -> Answer {
    let digit = match (it.mount.course(), it.mount.home()) {
        (Course::Homing, _) => "2",
        (_, Home::Found) => "1",
        (_, Home::Unknown) => "0",
    };
    Answer::Bare(digit.to_owned())
}

/// `:D#`: bars for the way still to go; spaces alone when it is there.
fn distance_bars(it: &mut Lx200) -> Answer {
    let bars = if it.slewing() {
        (it.mount.distance() / DEGREES_PER_BAR).ceil().max(1.0) as usize
    } else {
        0
    };
    Answer::Text(
        (0..BARS)
            .map(|place| if place < bars { BAR } else { ' ' })
            .collect(),
    )
}

/// `:SCMM/DD/YY#`: two texts when it is taken, while it works out the planets.
fn set_date(it: &mut Lx200, value: &str) -> Answer {
    if it.set_local_date(value) {
        Answer::Text(format!("1Updating Planetary Data#{}", " ".repeat(30)))
    } else {
        Answer::flag(false)
    }
}

/// 14 characters without `#`.
fn toggle_pointing(it: &mut Lx200) -> Answer {
    it.high_pointing = !it.high_pointing;
    Answer::Bare(
        if it.high_pointing {
            "HIGH PRECISION"
        } else {
            "LOW  PRECISION"
        }
        .to_owned(),
    )
}

/// The frequency of the motor in hertz: `TT.T`, cut and not rounded, as the manual's 60.1 for 60.164.
fn hertz(hertz: f64) -> String {
    format!("{:04.1}", (hertz * 10.0).floor() / 10.0)
}

/// Hours to add to local time to have UTC: `sHH`, and tenths where there are any.
fn zone(hours: f64) -> String {
    if hours.fract() == 0.0 {
        format!("{hours:+03.0}")
    } else {
        format!("{hours:+05.1}")
    }
}

/// A limit of altitude in whole degrees: `DD*`.
fn limit(degrees: f64) -> String {
    format!("{degrees:02.0}{}", MANNER.mark)
}

impl Precision {
    fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}
