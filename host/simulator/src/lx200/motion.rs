//! Pointing, targets, syncing, following the sky: what is the same for every dialect.

use super::{Alignment, Lx200};
use crate::mount::{Course, PierSide, Tracking, half_turn};
use slewgate_sky::text::parse;
use slewgate_sky::{Equatorial, Horizontal};
use std::ops::RangeInclusive;

impl Lx200 {
    /// Where it says that it points.
    pub(super) fn position(&self) -> Equatorial {
        self.lies.note_told();
        if let Some(frozen) = self.lies.frozen() {
            return frozen;
        }
        let (hour_angle, dec) = self.mount.place_off_by(self.lies.off());
        Equatorial {
            ra: (self.sidereal_time() - hour_angle / 15.0).rem_euclid(24.0),
            dec,
        }
    }

    /// Where it says that it points, over the site that it knows.
    pub(super) fn horizontal(&self) -> Horizontal {
        self.sky
            .to_horizontal(self.position(), self.utc(), &self.belief.site)
    }

    /// How high a target stands over the site that it knows, in degrees.
    pub(super) fn altitude_of(&self, target: Equatorial) -> f64 {
        self.sky
            .to_horizontal(target, self.utc(), &self.belief.site)
            .altitude
    }

    /// The target that was set by altitude and azimuth.
    pub(super) fn target_of_horizontal(&self) -> Equatorial {
        self.sky
            .from_horizontal(self.horizontal_target, self.utc(), &self.belief.site)
    }

    /// Hour angle and declination of a target, by its own clock.
    pub(super) fn place_of(&self, target: Equatorial) -> (f64, f64) {
        (
            half_turn((self.sidereal_time() - target.ra) * 15.0),
            target.dec,
        )
    }

    /// The side of the pier that it takes its telescope to be on; East for a fork, whose angles are those.
    pub(super) fn side(&self) -> PierSide {
        let side = self.mount.geometry().side(self.mount.axes());
        side.unwrap_or(PierSide::East)
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

    /// Sends it to a target, on the side of the pier that it can reach it from.
    pub(super) fn go_to(&mut self, target: Equatorial) {
        let geometry = self.mount.geometry();
        let place = self.place_of(target);
        // At home it hangs between the sides, and takes the target's.
        let from = match self.side() {
            PierSide::East if self.at_home() && place.0 < 0.0 => PierSide::West,
            side => side,
        };
        let axes = geometry.axes(place, geometry.side_for(place.0, from));
        self.mount.go_to(axes);
    }

    /// Sends it to where it parks.
    pub(super) fn go_park(&mut self) {
        self.mount.park(self.park);
    }

    /// From now on, where it points is the target.
    pub(super) fn sync(&mut self) {
        let place = self.place_of(self.target);
        let axes = self.mount.geometry().axes(place, self.side());
        self.mount.sync(axes);
    }

    /// Whether it takes itself to be at home, and stands there.
    pub(super) fn at_home(&self) -> bool {
        let ((first, second), home) = (self.mount.axes(), self.home);
        let near = |a: f64, b: f64| (a - b).abs() < AT_HOME;
        near(first, home.0) && near(second, home.1) && !self.mount.moving() && !self.tracks()
    }

    /// Whether it follows the sky now.
    pub(super) fn tracks(&self) -> bool {
        self.mount.tracking().is_some()
    }

    /// `:TQ#` and the like: what it follows, at once or when it tracks again.
    pub(super) fn follow(&mut self, rate: Tracking) {
        self.rate = rate;
        self.mount.set_rate(rate);
    }

    /// `:AP#` and the like. Being set up to track wakes a parked mount.
    pub(super) fn align(&mut self, alignment: Alignment) {
        self.alignment = alignment;
        if alignment != Alignment::Land {
            self.mount.wake();
        }
        self.mount
            .track((alignment != Alignment::Land).then_some(self.rate));
    }

    /// Whether it is on the way to somewhere of its own.
    pub(super) fn slewing(&self) -> bool {
        matches!(
            self.mount.course(),
            Course::Goto | Course::Parking | Course::Homing
        )
    }
}

/// Degrees from home that are none.
const AT_HOME: f64 = 1e-6;

/// A limit of altitude in whole degrees, with or without a degree mark.
pub(super) fn set_limit(limit: &mut f64, value: &str, range: RangeInclusive<f64>) -> bool {
    assign(
        limit,
        value.trim_end_matches(|c: char| !c.is_ascii_digit()),
        |degrees| range.contains(&degrees),
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
