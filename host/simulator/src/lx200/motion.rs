//! Pointing, slewing, syncing, following the sky.

use super::format::text;
use super::{Alignment, Lx200};
use crate::axis::SLEW_RATE;
use crate::mount::{Course, Tracking};
use slewgate_sky::text::parse;
use slewgate_sky::{Equatorial, Horizontal};

/// Degrees a second that a jog runs at, by rate: twice and sixteen times the rate of the sky, and two of the motor's own.
pub(super) const GUIDE: f64 = 2.0 * 15.041 / 3600.0;
pub(super) const CENTER: f64 = 16.0 * 15.041 / 3600.0;
pub(super) const FIND: f64 = 2.0;
pub(super) const SLEW: f64 = SLEW_RATE;

/// The width of the hand controller's line, which `:D#` fills with bars.
const BARS: usize = 32;
const BAR: char = '\u{7f}';
/// Degrees to go for each bar.
const DEGREES_PER_BAR: f64 = 180.0 / BARS as f64;

impl Lx200 {
    /// Where it says that it points.
    pub(super) fn position(&self) -> Equatorial {
        let (hour_angle, dec) = self.mount.position();
        let (ra_correction, dec_correction) = self.correction;
        Equatorial {
            ra: (self.sidereal_time() - hour_angle / 15.0 + ra_correction).rem_euclid(24.0),
            dec: (dec + dec_correction).clamp(-90.0, 90.0),
        }
    }

    /// Where it says that it points, over the site that it knows.
    pub(super) fn horizontal(&self) -> Horizontal {
        self.sky
            .to_horizontal(self.position(), self.utc(), &self.belief.site)
    }

    pub(super) fn set_target_ra(&mut self, value: &str) -> bool {
        assign(&mut self.target.ra, value, |hours| {
            (0.0..24.0).contains(&hours)
        })
    }

    pub(super) fn set_target_dec(&mut self, value: &str) -> bool {
        assign(&mut self.target.dec, value, |degrees| {
            (-90.0..=90.0).contains(&degrees)
        })
    }

    pub(super) fn set_target_altitude(&mut self, value: &str) -> bool {
        assign(&mut self.horizontal_target.altitude, value, |degrees| {
            (-90.0..=90.0).contains(&degrees)
        })
    }

    pub(super) fn set_target_azimuth(&mut self, value: &str) -> bool {
        assign(&mut self.horizontal_target.azimuth, value, |degrees| {
            (0.0..=360.0).contains(&degrees)
        })
    }

    /// `:MS#`.
    pub(super) fn slew(&mut self) -> Vec<u8> {
        let altitude = self
            .sky
            .to_horizontal(self.target, self.utc(), &self.belief.site)
            .altitude;
        self.slew_to(self.target, altitude)
    }

    /// `:MA#`.
    pub(super) fn slew_to_horizontal(&mut self) -> Vec<u8> {
        let target =
            self.sky
                .from_horizontal(self.horizontal_target, self.utc(), &self.belief.site);
        self.slew_to(target, self.horizontal_target.altitude)
    }

    /// `0` alone, or a digit and the reason.
    fn slew_to(&mut self, target: Equatorial, altitude: f64) -> Vec<u8> {
        if let Some(refusal) = self.refusal(altitude) {
            return text(refusal);
        }
        let (ra_correction, dec_correction) = self.correction;
        let hour_angle = (self.sidereal_time() - target.ra + ra_correction) * 15.0;
        self.mount.go_to((hour_angle, target.dec - dec_correction));
        b"0".to_vec()
    }

    fn refusal(&self, altitude: f64) -> Option<&'static str> {
        if self.mount.course() == Course::Parked {
            Some("3Telescope is parked")
        } else if altitude < 0.0 {
            Some("1Object below horizon")
        } else if altitude > self.highest {
            Some("2Object above higher limit")
        } else if altitude < self.lowest {
            Some("4Object below lower limit")
        } else {
            None
        }
    }

    /// `:CM#`: from now on, where it points is the target.
    pub(super) fn sync(&mut self) -> Vec<u8> {
        let (hour_angle, dec) = self.mount.position();
        self.correction = (
            self.target.ra - self.sidereal_time() + hour_angle / 15.0,
            self.target.dec - dec,
        );
        text("Coordinates matched.        ")
    }

    /// `:TQ#` and the like: what it follows, at once or when it is aligned to track again.
    pub(super) fn follow(&mut self, rate: Tracking) {
        self.rate = rate;
        self.align_motor();
    }

    /// `:AP#` and the like. Being set up to track wakes a parked mount.
    pub(super) fn align(&mut self, alignment: Alignment) {
        self.alignment = alignment;
        if alignment != Alignment::Land {
            self.mount.wake();
        }
        self.align_motor();
    }

    fn align_motor(&mut self) {
        self.mount
            .track((self.alignment != Alignment::Land).then_some(self.rate));
    }

    /// `:D#`: bars for the way still to go; spaces alone when it is there.
    pub(super) fn distance_bars(&mut self) -> Vec<u8> {
        let bars = if self.slewing() {
            (self.mount.distance() / DEGREES_PER_BAR).ceil().max(1.0) as usize
        } else {
            0
        };
        text(
            &(0..BARS)
                .map(|place| if place < bars { BAR } else { ' ' })
                .collect::<String>(),
        )
    }

    /// Whether it is on the way to somewhere of its own.
    pub(super) fn slewing(&self) -> bool {
        matches!(
            self.mount.course(),
            Course::Goto | Course::Parking | Course::Homing
        )
    }
}

/// `:ShDD#` and `:SoDD*#`: a limit of altitude in degrees.
pub(super) fn set_limit(limit: &mut f64, value: &str) -> bool {
    assign(
        limit,
        value.trim_end_matches(|c: char| !c.is_ascii_digit()),
        |degrees| (0.0..=90.0).contains(&degrees),
    )
}

/// Takes a value over if it reads as an angle and is fit.
pub(super) fn assign(place: &mut f64, value: &str, fit: impl Fn(f64) -> bool) -> bool {
    let read = parse(value).filter(|read| fit(*read));
    if let Some(read) = read {
        *place = read;
    }
    read.is_some()
}
