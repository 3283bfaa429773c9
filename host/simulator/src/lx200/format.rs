//! How numbers, times and angles are written.

use super::Precision;
use slewgate_sky::text::Sexagesimal;

/// How a controller writes coordinates now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// What stands between degrees and minutes.
    pub(super) mark: char,
    pub(super) precision: Precision,
}

impl Style {
    pub(super) fn low(self) -> Self {
        Self {
            precision: Precision::Low,
            ..self
        }
    }

    /// Right ascension in hours: `HH:MM.T` or `HH:MM:SS`.
    pub(super) fn ra(self, hours: f64) -> String {
        match self.precision {
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

    /// Declination, altitude or latitude in degrees: `sDD*MM` or `sDD*MM:SS`.
    pub(super) fn dec(self, degrees: f64) -> String {
        self.signed(degrees, 2)
    }

    /// Longitude in degrees, -180 to 180: `sDDD*MM` or `sDDD*MM:SS`.
    pub(super) fn longitude(self, degrees: f64) -> String {
        self.signed(degrees, 3)
    }

    /// Azimuth or longitude in degrees, 0 to 360 without a sign: `DDD*MM` or `DDD*MM:SS`.
    pub(super) fn azimuth(self, degrees: f64) -> String {
        let rounded = Sexagesimal::round(degrees.rem_euclid(360.0), self.step());
        format!(
            "{:03}{}{}",
            rounded.units % 360,
            self.mark,
            self.below_degrees(rounded)
        )
    }

    fn signed(self, degrees: f64, width: usize) -> String {
        let rounded = Sexagesimal::round(degrees, self.step());
        let sign = if rounded.negative { '-' } else { '+' };
        format!(
            "{sign}{:0width$}{}{}",
            rounded.units,
            self.mark,
            self.below_degrees(rounded)
        )
    }

    /// Seconds to which angles are rounded.
    fn step(self) -> u64 {
        match self.precision {
            Precision::Low => 60,
            Precision::High => 1,
        }
    }

    fn below_degrees(self, angle: Sexagesimal) -> String {
        match self.precision {
            Precision::Low => format!("{:02}", angle.minutes),
            Precision::High => format!("{:02}:{:02}", angle.minutes, angle.seconds),
        }
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

/// Hours to add to local time to have UTC: `sHH:MM`.
pub(super) fn zone(hours: f64) -> String {
    let Sexagesimal {
        negative,
        units,
        minutes,
        ..
    } = Sexagesimal::round(hours, 60);
    let sign = if negative { '-' } else { '+' };
    format!("{sign}{units:02}:{minutes:02}")
}

/// A time of day of twelve hours: `HH:MM:SS`, where noon and midnight are 12.
pub(super) fn half_day(hours: f64) -> String {
    time((hours + 11.0).rem_euclid(12.0) + 1.0)
}

/// Hours to the ten-thousandth of a second: `HH:MM:SS.SSSS`.
pub(super) fn fine_hours(hours: f64) -> String {
    let (_, parts) = fine(hours.rem_euclid(24.0), 10_000);
    let [units, minutes, seconds, fraction] = parts;
    format!("{:02}:{minutes:02}:{seconds:02}.{fraction:04}", units % 24)
}

/// Degrees with a sign, to the thousandth of a second: `sDD*MM:SS.SSS`.
pub(super) fn fine_degrees(degrees: f64, mark: char, width: usize) -> String {
    let (negative, [units, minutes, seconds, fraction]) = fine(degrees, 1_000);
    let sign = if negative { '-' } else { '+' };
    format!("{sign}{units:0width$}{mark}{minutes:02}:{seconds:02}.{fraction:03}")
}

/// Sign, whole units, minutes, seconds and parts of a second.
fn fine(value: f64, parts: u64) -> (bool, [u64; 4]) {
    let rounded = (value.abs() * 3600.0 * parts as f64).round() as u64;
    let (seconds, fraction) = (rounded / parts, rounded % parts);
    let fields = [seconds / 3600, seconds / 60 % 60, seconds % 60, fraction];
    (value < 0.0 && rounded > 0, fields)
}
