//! Where and when the hand controller thinks it is.

use super::Lx200;
use super::motion::assign;
use slewgate_sky::text::parse;
use sofars::cal::{cal2jd, jd2cal};

const MS_PER_HOUR: f64 = 3_600e3;
const MS_PER_DAY: f64 = 24.0 * MS_PER_HOUR;

/// Julian date of 1970-01-01T00:00, and the modified one.
const JD_1970: f64 = 2_440_587.5;
const MJD_1970: f64 = 40_587.0;

/// Years of two digits from here on are of the 20th century, those below of the 21st.
const CENTURY_TURNS: i32 = 70;

impl Lx200 {
    /// UTC by its own clock, in milliseconds since 1970.
    pub(super) fn utc(&self) -> f64 {
        self.local() + self.belief.zone * MS_PER_HOUR
    }

    /// Sidereal time in hours by its own clock, at the site that it knows.
    pub(super) fn sidereal_time(&self) -> f64 {
        self.sky.sidereal_time(self.utc(), &self.belief.site)
    }

    /// Local time of day in hours.
    pub(super) fn local_hours(&self) -> f64 {
        (self.local() / MS_PER_HOUR).rem_euclid(24.0)
    }

    /// Local date, `MM/DD/YY`.
    pub(super) fn local_date(&self) -> String {
        let (year, month, day, _) =
            jd2cal(JD_1970, (self.local() / MS_PER_DAY).floor()).unwrap_or_default();
        format!("{month:02}/{day:02}/{:02}", year.rem_euclid(100))
    }

    pub(super) fn set_latitude(&mut self, value: &str) -> bool {
        assign(&mut self.belief.site.latitude, value, |degrees| {
            (-90.0..=90.0).contains(&degrees)
        })
    }

    /// West is positive here, up to 360; east is negative or beyond 180.
    pub(super) fn set_longitude(&mut self, value: &str) -> bool {
        let mut west = 0.0;
        let fit = assign(&mut west, value, |degrees| {
            (-180.0..=360.0).contains(&degrees)
        });
        if fit {
            self.belief.site.longitude = 180.0 - (west + 180.0).rem_euclid(360.0);
        }
        fit
    }

    /// Metres.
    pub(super) fn set_elevation(&mut self, value: &str) -> bool {
        assign(&mut self.belief.site.elevation, value, |metres| {
            (-500.0..=20_000.0).contains(&metres)
        })
    }

    /// Local time stays what it is; UTC follows.
    pub(super) fn set_zone(&mut self, value: &str) -> bool {
        assign(&mut self.belief.zone, value, |hours| {
            (-14.0..=14.0).contains(&hours)
        })
    }

    pub(super) fn set_local_time(&mut self, value: &str) -> bool {
        let hours = parse(value).filter(|hours| (0.0..24.0).contains(hours));
        if let Some(hours) = hours {
            self.set_local((self.local() / MS_PER_DAY).floor() * MS_PER_DAY + hours * MS_PER_HOUR);
        }
        hours.is_some()
    }

    /// `MM/DD/YY`, or with a year of four digits.
    pub(super) fn set_local_date(&mut self, value: &str) -> bool {
        let days = days_since_1970(value);
        if let Some(days) = days {
            self.set_local(days * MS_PER_DAY + self.local().rem_euclid(MS_PER_DAY));
        }
        days.is_some()
    }

    /// Local time by its own clock, as milliseconds since 1970-01-01T00:00 local.
    fn local(&self) -> f64 {
        self.as_of + self.belief.ahead
    }

    fn set_local(&mut self, local: f64) {
        self.belief.ahead = local - self.as_of;
    }
}

/// The day that `MM/DD/YY` or `MM/DD/YYYY` names.
fn days_since_1970(value: &str) -> Option<f64> {
    let fields: Vec<i32> = value
        .split('/')
        .map(|field| field.parse().ok())
        .collect::<Option<_>>()?;
    let [month, day, year] = fields[..] else {
        return None;
    };
    let year = match year {
        0..CENTURY_TURNS => year + 2000,
        CENTURY_TURNS..=99 => year + 1900,
        1900..=2199 => year,
        _ => return None,
    };
    let (_, mjd) = cal2jd(year, month, day).ok()?;
    Some(mjd - MJD_1970)
}
