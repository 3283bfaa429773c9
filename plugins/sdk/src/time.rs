//! Moments as text: RFC 3339 and civil dates. By hand, since a library of calendars would outweigh the plugin that links it.
//!
//! Source of the conversions between days and dates: the proleptic Gregorian calendar counted in years that begin in March,
//! so that the leap day is the last one (Richards, in the *Explanatory Supplement to the Astronomical Almanac*, 3rd edition, 15.11).

use serde::de::{Deserialize, Deserializer, Error};

use crate::Instant;

/// A moment, and the zone that it was written in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// Minutes that the writer's clock is ahead of UTC; none for `Z`.
    pub offset: Option<i32>,
}

/// A date and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// Such as 2026.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
}

const DAY: i64 = 86_400;

/// Days in four centuries, and from the first of March of year 0 to 1970-01-01.
const DAYS_IN_400_YEARS: i64 = 146_097;
const EPOCH: i64 = 719_468;

impl Moment {
    /// Reads RFC 3339, such as `2026-11-23T22:00:00.5+02:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |from: usize, digits: usize| -> Option<u32> {
            let part = bytes.get(from..from + digits)?;
            let all_digits = part.iter().all(u8::is_ascii_digit);
            all_digits.then(|| part.iter().fold(0, |sum, b| sum * 10 + u32::from(b - b'0')))
        };
        let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        let marked = marks.iter().all(|(at, mark)| bytes.get(*at) == Some(mark));
        if !marked || !matches!(bytes.get(10), Some(b'T' | b't')) {
            return None;
        }
        let civil = Civil {
            year: i32::try_from(number(0, 4)?).ok()?,
            month: number(5, 2)?,
            day: number(8, 2)?,
            hour: number(11, 2)?,
            minute: number(14, 2)?,
            second: number(17, 2)?,
        };
        let rest = &text[19..];
        let zone = rest.find(|c: char| c != '.' && !c.is_ascii_digit())?;
        let (fraction, zone) = rest.split_at(zone);
        let fraction = match fraction {
            "" => 0.0,
            _ => fraction
                .strip_prefix('.')
                .filter(|digits| !digits.contains('.') && !digits.is_empty())
                .and_then(|_| fraction.parse::<f64>().ok())?,
        };
        let offset = offset(zone)?;
        let seconds = civil.seconds()? - 60 * i64::from(offset.unwrap_or(0));
        Some(Self {
            at: (seconds as f64 + fraction) * 1000.0,
            offset,
        })
    }
}

impl Civil {
    /// The date and time of day at an instant, in UTC. Fractions of a second are cut.
    pub fn of(at: Instant) -> Self {
        let seconds = (at / 1000.0).floor() as i64;
        let (days, time) = (seconds.div_euclid(DAY) + EPOCH, seconds.rem_euclid(DAY));
        let cycle = days.div_euclid(DAYS_IN_400_YEARS);
        let day = days.rem_euclid(DAYS_IN_400_YEARS);
        // Leap days before this one, within the 400 years.
        let year = (day - day / 1460 + day / 36_524 - day / (DAYS_IN_400_YEARS - 1)) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let march = (5 * day + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = 400 * cycle + year + i64::from(month <= 2);
        Self {
            year: year as i32,
            month: month as u32,
            day: (day - (153 * march + 2) / 5 + 1) as u32,
            hour: (time / 3600) as u32,
            minute: (time / 60 % 60) as u32,
            second: (time % 60) as u32,
        }
    }

    /// Seconds since 1970 in UTC; none for what is no date or time. A leap second is the first one after it.
    fn seconds(&self) -> Option<i64> {
        let in_range = (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60;
        if !in_range {
            return None;
        }
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let of_cycle = year.rem_euclid(400);
        let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        let days = year.div_euclid(400) * DAYS_IN_400_YEARS + of_cycle * 365 + of_cycle / 4
            - of_cycle / 100
            + of_year
            - EPOCH;
        let time = self.hour * 3600 + self.minute * 60 + self.second;
        let seconds = days * DAY + i64::from(time);
        // The 31st of a short month is the first of the next.
        let back = Self::of((days * DAY) as f64 * 1000.0);
        (back.month == self.month && back.day == self.day).then_some(seconds)
    }
}

/// RFC 3339 in UTC, to the second.
pub fn text(at: Instant) -> String {
    let Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = Civil::of(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Minutes; none for `Z`.
fn offset(zone: &str) -> Option<Option<i32>> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(None);
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let field = |text: &str, below: i32| -> Option<i32> {
        let number = (text.len() == 2).then(|| text.parse::<u8>().ok())?;
        number.map(i32::from).filter(|number| *number < below)
    };
    Some(Some(sign * (field(hours, 24)? * 60 + field(minutes, 60)?)))
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "time: `{text}` is no time such as 2026-11-23T22:00:00Z"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_zones() {
        let at = |text: &str| Moment::parse(text).map(|moment| (moment.at, moment.offset));
        assert_eq!(at("1970-01-01T00:00:00Z"), Some((0.0, None)));
        assert_eq!(
            at("2026-11-23T22:00:00.25z"),
            Some((1_795_471_200_250.0, None))
        );
        assert_eq!(
            at("2026-11-24T00:00:00+02:00"),
            Some((1_795_471_200e3, Some(120)))
        );
        assert_eq!(
            at("2026-11-23T18:30:00-03:30"),
            Some((1_795_471_200e3, Some(-210)))
        );
        assert_eq!(at("2016-12-31T23:59:60Z"), at("2017-01-01T00:00:00Z"));
        assert_eq!(at("2000-02-29t12:00:00Z"), Some((951_825_600e3, None)));
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "2026-11-23",
            "2026-11-23 22:00:00Z",
            "2026-11-23T22:00:00",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T22:60:00Z",
            "2026-11-23T22:00:61Z",
            "2026-11-23T22:00:00.Z",
            "2026-11-23T22:00:00.5.5Z",
            "2026-11-23T22:00:00+2:00",
            "2026-11-23T22:00:00+24:00",
            "2026-11-23T22:00:00+02",
            "2026-11-23T22:00:00Zulu",
            "2026-11-23T22:00:0\u{e9}Z",
            "+026-11-23T22:00:00Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_day_of_two_centuries_is_written_as_it_is_read() {
        let first = Moment::parse("1900-01-01T12:34:56Z").unwrap().at;
        let mut before = String::new();
        for day in 0..73_049 {
            let at = first + f64::from(day) * 86_400e3;
            let written = text(at);
            assert_eq!(Moment::parse(&written).unwrap().at, at, "{written}");
            assert!(written > before, "{written} follows {before}");
            before = written;
        }
        assert_eq!(before, "2099-12-31T12:34:56Z");
    }
}
