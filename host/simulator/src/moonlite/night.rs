//! How warm it is: a night that cools evenly.

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Night {
    /// Half degrees Celsius at first.
    first: f64,
    /// Half degrees more in a second.
    slope: f64,
    /// Seconds since then.
    passed: f64,
}

const HOUR: f64 = 3600.0;

impl Night {
    /// Degrees Celsius at first, and how many it is less after an hour.
    pub(super) fn new(temperature: f64, cooling: f64) -> Self {
        Self {
            first: temperature * 2.0,
            slope: -cooling * 2.0 / HOUR,
            passed: 0.0,
        }
    }

    /// The temperature to half a degree, counted in half degrees.
    pub(super) fn half_degrees(&self) -> i16 {
        // A cast of a float saturates. Rounding up from the middle, both ways alike, is what `next_change` counts on.
        (self.temperature() + 0.5).floor() as i16
    }

    /// Seconds until that is another. None: it is as warm for ever.
    pub(super) fn next_change(&self) -> Option<f64> {
        if self.slope == 0.0 {
            return None;
        }
        let now = f64::from(self.half_degrees());
        let edge = now + if self.slope > 0.0 { 0.5 } else { -0.5 };
        // Past the edge by less than anybody sees, so that it is another.
        let beyond = 1e-6 * self.slope.signum();
        Some(((edge + beyond - self.temperature()) / self.slope).max(0.0))
    }

    pub(super) fn pass(&mut self, seconds: f64) {
        self.passed += seconds;
    }

    fn temperature(&self) -> f64 {
        self.first + self.slope * self.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_changes_by_half_a_degree_at_a_time_from_edge_to_edge() {
        for cooling in [1.0, -1.0] {
            let mut night = Night::new(2.0, cooling);
            for step in 0_i16..20 {
                let expected = if cooling > 0.0 { 4 - step } else { 4 + step };
                assert_eq!(night.half_degrees(), expected, "{night:?}");
                let until = night.next_change().unwrap();
                let whole = if step == 0 { HOUR / 4.0 } else { HOUR / 2.0 };
                assert!((until - whole).abs() < 0.1, "{until} {night:?}");
                night.pass(until);
            }
        }
        assert_eq!(Night::new(2.0, 0.0).next_change(), None);
    }
}
