//! Where and when the hand control thinks it is.

use super::Nexstar;
use slewgate_sky::Site;
use sofars::cal::{cal2jd, jd2cal};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Belief {
    pub(super) site: Site,
    /// Milliseconds that its local time is ahead of the true UTC.
    ahead: f64,
    /// Quarters of an hour that its local time is ahead of UTC, without daylight saving.
    zone: i8,
    daylight_saving: bool,
}

/// What a zone is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    Hours,
    Quarters,
}

const MS_PER_HOUR: f64 = 3_600e3;
const MS_PER_DAY: f64 = 24.0 * MS_PER_HOUR;
/// Julian date of 1970-01-01T00:00, and the modified one.
const JD_1970: f64 = 2_440_587.5;
const MJD_1970: f64 = 40_587.0;
const CENTURY: i32 = 2000;

impl Belief {
    /// There, and in UTC.
    pub(super) fn at(site: Site) -> Self {
        Self {
            site,
            ahead: 0.0,
            zone: 0,
            daylight_saving: false,
        }
    }
}

impl Zone {
    fn quarters(self) -> i8 {
        match self {
            Self::Hours => 4,
            Self::Quarters => 1,
        }
    }
}

impl Nexstar {
    /// UTC by its own clock, in milliseconds since 1970.
    pub(super) fn utc(&self) -> f64 {
        let saved = if self.belief.daylight_saving {
            1.0
        } else {
            0.0
        };
        self.local() - (f64::from(self.belief.zone) / 4.0 + saved) * MS_PER_HOUR
    }

    /// Sidereal time in hours by its own clock, at the site that it knows.
    pub(super) fn sidereal_time(&self) -> f64 {
        self.sky.sidereal_time(self.utc(), &self.belief.site)
    }

    /// `w`: degrees, minutes, seconds, and 1 for south; then the same, and 1 for west.
    pub(super) fn site_told(&self) -> Vec<u8> {
        let Site {
            latitude,
            longitude,
            ..
        } = self.belief.site;
        [latitude, longitude].into_iter().flat_map(told).collect()
    }

    /// `W`.
    pub(super) fn set_site(&mut self, bytes: &[u8]) {
        let (north, east) = bytes.split_at(4);
        if let (Some(latitude), Some(longitude)) = (angle(north, 90.0), angle(east, 180.0)) {
            self.belief.site.latitude = latitude;
            self.belief.site.longitude = longitude;
        }
    }

    /// `h` and `i`: hour, minute, second, month, day, year, zone, daylight saving; all local.
    pub(super) fn time_told(&self, zone: Zone) -> Vec<u8> {
        let local = self.local();
        let days = (local / MS_PER_DAY).floor();
        let (year, month, day, _) = jd2cal(JD_1970, days).unwrap_or_default();
        let seconds = ((local - days * MS_PER_DAY) / 1e3).floor();
        let told = [
            (seconds / 3600.0).floor(),
            (seconds / 60.0).floor() % 60.0,
            seconds % 60.0,
            f64::from(month),
            f64::from(day),
            f64::from(year - CENTURY),
        ];
        let mut told: Vec<u8> = told.iter().map(|number| *number as u8).collect();
        // Negative ones are counted down from 256.
        told.push((self.belief.zone / zone.quarters()).cast_unsigned());
        told.push(u8::from(self.belief.daylight_saving));
        told
    }

    /// `H` and `I`.
    pub(super) fn set_time(&mut self, bytes: &[u8], zone: Zone) {
        let &[hour, minute, second, month, day, year, ahead, saving] = bytes else {
            return;
        };
        let year = CENTURY + i32::from(year);
        let date = cal2jd(year, i32::from(month), i32::from(day));
        let quarters = ahead.cast_signed().checked_mul(zone.quarters());
        let (Ok((_, mjd)), Some(quarters)) = (date, quarters) else {
            return;
        };
        if hour > 23 || minute > 59 || second > 59 || saving > 1 {
            return;
        }
        let seconds = (f64::from(hour) * 60.0 + f64::from(minute)) * 60.0 + f64::from(second);
        let local = (mjd - MJD_1970) * MS_PER_DAY + seconds * 1e3;
        self.belief.ahead = local - self.as_of;
        self.belief.zone = quarters;
        self.belief.daylight_saving = saving == 1;
    }

    /// Local time by its own clock, as milliseconds since 1970-01-01T00:00 local.
    fn local(&self) -> f64 {
        self.as_of + self.belief.ahead
    }
}

fn told(degrees: f64) -> [u8; 4] {
    // At most 180 degrees, so that each fits a byte.
    let seconds = (degrees.abs() * 3600.0).round() as u32;
    let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    let [whole, minutes, seconds] = parts.map(|part| part as u8);
    [whole, minutes, seconds, u8::from(degrees < 0.0)]
}

fn angle(bytes: &[u8], most: f64) -> Option<f64> {
    let &[whole, minutes, seconds, negative] = bytes else {
        return None;
    };
    let degrees = f64::from(whole) + f64::from(minutes) / 60.0 + f64::from(seconds) / 3600.0;
    let fits = minutes < 60 && seconds < 60 && negative < 2 && degrees <= most;
    fits.then_some(if negative == 1 { -degrees } else { degrees })
}
