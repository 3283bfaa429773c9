//! Whether what the mount believes of the time and its place can be.

use super::fence::Fence;
use super::pose::half_turn;

/// A mount whose sidereal time is off by more than this (seconds) is not to be moved.
pub const MOST_CLOCK_ERROR: f64 = 60.0;

impl Fence {
    /// By how many seconds the mount's sidereal time (hours) is ahead of the one here at an instant; behind: below zero. None
    /// within [`MOST_CLOCK_ERROR`]. It tells of the mount's clock and of its longitude.
    pub fn clock_is_off(&self, mount_sidereal_hours: f64, at_ms: f64) -> Option<f64> {
        let hours = mount_sidereal_hours - self.sidereal_degrees(at_ms) / 15.0;
        let seconds = half_turn(hours * 15.0) * 240.0;
        (seconds.is_nan() || seconds.abs() > MOST_CLOCK_ERROR).then_some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use slewgate_sky::{Site, Sky};

    use super::super::settings::Limits;
    use super::*;

    #[test]
    fn a_clock_is_off_where_it_differs_by_more_than_a_minute_either_way_round() {
        let site = Site {
            latitude: 51.5,
            longitude: 0.0,
            elevation: 0.0,
        };
        let fence = Fence::new(Limits::default(), Sky::new(0.0), site);
        let at = 1_795_471_200_000.0;
        let here = fence.sidereal_degrees(at) / 15.0;
        let off = |seconds: f64| fence.clock_is_off((here + seconds / 3600.0).rem_euclid(24.0), at);
        assert_eq!((off(59.0), off(-59.0)), (None, None));
        assert!((off(61.0).unwrap() - 61.0).abs() < 1e-6);
        assert!((off(-3600.0).unwrap() + 3600.0).abs() < 1e-6);
        // 23 hours and 59.5 minutes ahead is half a minute behind.
        assert_eq!(off(86_370.0), None);
        assert!(fence.clock_is_off(f64::NAN, at).is_some());
    }
}
