//! How a Classic writes numbers, times and angles.

use super::Precision;
use slewgate_sky::text::Sexagesimal;

/// The degree mark in a Classic's character set, as the character of that number.
const DEGREE: char = '\u{df}';

/// A text reply: each character as the byte of its number, then `#`.
pub(super) fn text(reply: &str) -> Vec<u8> {
    // Everything written here is below 256.
    reply.chars().chain(['#']).map(|c| c as u8).collect()
}

/// The reply to a value: one character, without `#`.
pub(super) fn accepted(accepted: bool) -> Vec<u8> {
    vec![if accepted { b'1' } else { b'0' }]
}

/// Right ascension in hours: `HH:MM.T` or `HH:MM:SS`.
pub(super) fn ra(hours: f64, precision: Precision) -> String {
    match precision {
        Precision::Low => {
            // A tenth of a minute is six seconds.
            let Sexagesimal {
                units,
                minutes,
                seconds,
                ..
            } = Sexagesimal::round(hours, 6);
            format!("{:02}:{minutes:02}.{}", units % 24, seconds / 6)
        }
        Precision::High => time(hours),
    }
}

/// A time of day or sidereal time in hours: `HH:MM:SS`.
pub(super) fn time(hours: f64) -> String {
    let Sexagesimal {
        units,
        minutes,
        seconds,
        ..
    } = Sexagesimal::round(hours, 1);
    format!("{:02}:{minutes:02}:{seconds:02}", units % 24)
}

/// Declination, altitude or latitude in degrees: `sDD*MM` or `sDD*MM:SS`.
pub(super) fn dec(degrees: f64, precision: Precision) -> String {
    let rounded = Sexagesimal::round(degrees, step(precision));
    let sign = if rounded.negative { '-' } else { '+' };
    format!(
        "{sign}{:02}{DEGREE}{}",
        rounded.units,
        below_degrees(rounded, precision)
    )
}

/// Azimuth or longitude in degrees, 0 to 360 without a sign: `DDD*MM` or `DDD*MM:SS`.
pub(super) fn azimuth(degrees: f64, precision: Precision) -> String {
    let rounded = Sexagesimal::round(degrees.rem_euclid(360.0), step(precision));
    format!(
        "{:03}{DEGREE}{}",
        rounded.units % 360,
        below_degrees(rounded, precision)
    )
}

/// Hours to add to local time to have UTC: `sHH`, and tenths where there are any.
pub(super) fn zone(hours: f64) -> String {
    if hours.fract() == 0.0 {
        format!("{hours:+03.0}")
    } else {
        format!("{hours:+05.1}")
    }
}

/// A limit of altitude in whole degrees: `DD*`.
pub(super) fn limit(degrees: f64) -> String {
    format!("{degrees:02.0}{DEGREE}")
}

/// The frequency of the motor in hertz: `TT.T`, cut and not rounded, as the manual's 60.1 for 60.164.
pub(super) fn hertz(hertz: f64) -> String {
    format!("{:04.1}", (hertz * 10.0).floor() / 10.0)
}

/// Seconds to which angles are rounded.
fn step(precision: Precision) -> u64 {
    match precision {
        Precision::Low => 60,
        Precision::High => 1,
    }
}

fn below_degrees(angle: Sexagesimal, precision: Precision) -> String {
    match precision {
        Precision::Low => format!("{:02}", angle.minutes),
        Precision::High => format!("{:02}:{:02}", angle.minutes, angle.seconds),
    }
}
