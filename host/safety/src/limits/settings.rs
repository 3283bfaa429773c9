//! What the administrator decides: plain values, which the configuration has checked.

use std::time::Duration;

use super::horizon::Horizon;

/// Where the telescope may point. Angles are in degrees.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// The lowest altitude in any direction.
    pub lowest: f64,
    /// The lowest altitude in each direction; where both say something, the higher one holds.
    pub horizon: Option<Horizon>,
    /// The highest altitude; 90 is none.
    pub highest: f64,
    /// How far past the meridian, upper or lower, the telescope may be on its side of the pier, in degrees of hour angle. It
    /// holds a mount that tells its pier side. 0 to 90.
    pub meridian: Option<f64>,
    /// The least and the greatest hour angle, from -180 to 180, west positive.
    pub hour_angle: Option<(f64, f64)>,
    /// The least and the greatest angle of each axis, as the mount counts them. They hold a mount that tells its axes.
    pub axes: [Option<(f64, f64)>; 2],
    /// The Sun; none leaves it out, which is for simulators.
    pub sun: Option<Sun>,
    /// There is a filter before the telescope: who may, points at the Sun.
    pub solar_filter: bool,
    /// What the mount can do, as the worst case.
    pub drive: Drive,
}

/// How far to stay from the Sun, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sun {
    /// Degrees between the telescope and the Sun's centre.
    pub distance: f64,
    /// The Sun counts while it is above this altitude.
    pub above: f64,
}

/// How a mount moves, as bounds: nothing here need be exact, as long as the mount is no worse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drive {
    /// The highest speed of an axis, degrees a second.
    pub fastest: f64,
    /// An axis speeds up by no more than this, degrees a second in each second.
    pub acceleration: f64,
    /// A stopped axis slows down by no less than this, degrees a second in each second.
    pub braking: f64,
    /// From the instant that a sighting tells of until a stop that is decided on it begins to brake.
    pub reaction: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lowest: 0.0,
            horizon: None,
            highest: 90.0,
            meridian: None,
            hour_angle: None,
            axes: [None, None],
            sun: Some(Sun::default()),
            solar_filter: false,
            drive: Drive::default(),
        }
    }
}

impl Default for Sun {
    fn default() -> Self {
        Self {
            distance: 30.0,
            above: -10.0,
        }
    }
}

impl Default for Drive {
    fn default() -> Self {
        Self {
            fastest: 8.0,
            acceleration: 8.0,
            braking: 4.0,
            reaction: Duration::from_millis(150),
        }
    }
}

impl Limits {
    /// The lowest altitude at an azimuth.
    pub(crate) fn lowest(&self, azimuth: f64) -> f64 {
        let mask = self.horizon.as_ref().map(|mask| mask.lowest(azimuth));
        mask.map_or(self.lowest, |mask| mask.max(self.lowest))
    }

    /// The highest of those from `azimuth - half_width` to `azimuth + half_width`.
    pub(crate) fn lowest_within(&self, azimuth: f64, half_width: f64) -> f64 {
        let mask = self
            .horizon
            .as_ref()
            .map(|mask| mask.highest(azimuth, half_width));
        mask.map_or(self.lowest, |mask| mask.max(self.lowest))
    }
}

impl Drive {
    /// Degrees that an axis goes at most from a speed until it stands, where it may speed up for so many seconds before it
    /// brakes.
    pub(crate) fn stopping(&self, speed: f64, seconds: f64) -> f64 {
        let fastest = self.fastest.max(speed);
        let speeding = ((fastest - speed) / self.acceleration).min(seconds);
        let peak = speed + self.acceleration * speeding;
        let until = (speed + peak) / 2.0 * speeding + peak * (seconds - speeding);
        until + peak * peak / (2.0 * self.braking)
    }

    /// Degrees that an axis goes at most until a stop at a look in so many seconds has ended it, with the sign of its speed. It
    /// was measured over some seconds, and may have sped up meanwhile: at the end it is faster than on the average.
    pub(crate) fn reach(&self, speed: f64, measured: f64, look: f64) -> f64 {
        let sped_up =
            (speed.abs() + self.acceleration * measured / 2.0).min(self.fastest.max(speed.abs()));
        let seconds = look + self.reaction.as_secs_f64();
        self.stopping(sped_up, seconds).copysign(speed)
    }

    /// Degrees that no mount can brake in less from a speed.
    pub(crate) fn shortest_stop(&self, speed: f64) -> f64 {
        speed * speed / (2.0 * self.acceleration.max(self.braking))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_speeds_up_until_it_is_stopped_and_then_brakes() {
        let drive = Drive::default();
        // 0 to 2 degrees a second in a quarter of one, then half a second of braking.
        assert!((drive.stopping(0.0, 0.25) - (0.25 + 0.5)).abs() < 1e-12);
        // Half a second to 8, half a second at 8, two seconds of braking.
        assert!((drive.stopping(4.0, 1.0) - (3.0 + 4.0 + 8.0)).abs() < 1e-12);
        // What is faster than it should be is taken as it is.
        assert!((drive.stopping(10.0, 1.0) - (10.0 + 12.5)).abs() < 1e-12);
    }
}
