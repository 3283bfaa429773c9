//! The ways that a mount may take to a target.
//!
//! A mount turns both axes at once, and says neither how fast nor which way round. So each way that mounts are known to take
//! is looked at: both axes in proportion, or both at one rate until one has arrived; the hour angle the short way round, and
//! where that crosses the lower meridian also the long way, since a German mount comes over the top; and over the pole, for
//! a mount that would change sides.

use super::pose::{Place, Pose, half_turn};
use super::sighting::PierSide;

/// From so many degrees of hour angle on, either way round is as short.
const EITHER_WAY: f64 = 179.0;

/// The corners of a way, and whether it leads over the pole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) corners: [Pose; 3],
    pub(crate) over_the_pole: bool,
}

/// Where a mount begins, and where it is to go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Journey {
    pub(crate) from: Place,
    pub(crate) side: Option<PierSide>,
    pub(crate) to: Place,
    /// Declination of the pole over which the mount turns over.
    pub(crate) pole: f64,
    /// How far past the meridian it may go on one side of its pier.
    pub(crate) meridian: Option<f64>,
}

impl Journey {
    pub(crate) fn ways(&self) -> Vec<Way> {
        let start = Pose::of(self.from, self.side, self.pole);
        let turns = self.on_this_side(start).into_iter();
        let mut ways: Vec<Way> = turns
            .flat_map(|(first, second)| profiles(start, first, second, false))
            .collect();
        if let Some(end) = self.on_the_other_side() {
            let (first, second) = (end.first - start.first, end.second - start.second);
            ways.extend(profiles(start, first, second, true));
        }
        ways
    }

    /// By how much the axes turn without changing sides. Where that ends too far past the meridian the mount does not stay, and
    /// where it stays its axis does not go all the way round.
    fn on_this_side(&self, start: Pose) -> Vec<(f64, f64)> {
        let end = Pose::of(self.to, self.side, self.pole);
        let limit = self.meridian.filter(|_| start.sided);
        if limit.is_some_and(|limit| (end.first - 90.0).abs() - 90.0 > limit) {
            return Vec::new();
        }
        let (first, second) = (end.first - start.first, end.second - start.second);
        if limit.is_some() {
            return vec![(first, second)];
        }
        let short = half_turn(first);
        let arrives = half_turn(self.from.hour_angle) + short;
        let below = !(-180.0..180.0).contains(&arrives);
        let mut turns = vec![(short, second)];
        if below || short.abs() >= EITHER_WAY {
            turns.push((short - 360f64.copysign(short), second));
        }
        turns
    }

    /// The end for a telescope that changes sides, if it would.
    fn on_the_other_side(&self) -> Option<Pose> {
        let side = self.side?;
        (PierSide::natural(self.to.hour_angle) != side)
            .then(|| Pose::of(self.to, Some(side.other()), self.pole))
    }
}

/// Both axes in proportion; and both at one rate, until one has arrived.
fn profiles(start: Pose, first: f64, second: f64, over_the_pole: bool) -> [Way; 2] {
    let end = start.turned(first, second);
    let both = first.abs().min(second.abs());
    let bend = start.turned(both.copysign(first), both.copysign(second));
    [start, bend].map(|middle| Way {
        corners: [start, middle, end],
        over_the_pole,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(hour_angle: f64, declination: f64) -> Place {
        Place {
            hour_angle,
            declination,
        }
    }

    /// How far the first and the second axis turn, for each way.
    fn turns(
        from: Place,
        side: Option<PierSide>,
        to: Place,
        meridian: Option<f64>,
    ) -> Vec<(f64, f64)> {
        let journey = Journey {
            from,
            side,
            to,
            pole: 90.0,
            meridian,
        };
        let turned = |way: &Way| {
            let [start, _, end] = way.corners;
            (end.first - start.first, end.second - start.second)
        };
        let mut turns: Vec<_> = journey.ways().iter().map(turned).collect();
        turns.dedup();
        turns
    }

    #[test]
    fn a_mount_without_sides_goes_the_short_way() {
        assert_eq!(
            turns(place(-30.0, 10.0), None, place(40.0, -5.0), None),
            [(70.0, -15.0)]
        );
    }

    #[test]
    fn where_the_short_way_crosses_the_lower_meridian_the_long_one_is_possible_too() {
        assert_eq!(
            turns(place(170.0, 60.0), None, place(-170.0, 60.0), None),
            [(20.0, 0.0), (-340.0, 0.0)]
        );
        assert_eq!(
            turns(place(-170.0, 60.0), None, place(170.0, 60.0), None),
            [(-20.0, 0.0), (340.0, 0.0)]
        );
    }

    #[test]
    fn half_a_turn_leads_either_way_round() {
        assert_eq!(
            turns(place(-90.0, 0.0), None, place(89.5, 0.0), None),
            [(179.5, 0.0), (-180.5, 0.0)]
        );
    }

    #[test]
    fn a_german_mount_may_stay_or_come_over_the_pole() {
        let west = Some(PierSide::West);
        assert_eq!(
            turns(place(-30.0, 40.0), west, place(20.0, 50.0), None),
            [(50.0, -10.0), (-130.0, -90.0)]
        );
        // Past its limit it does not stay; on its own side it does not leave, nor go round below the pole.
        assert_eq!(
            turns(place(-30.0, 40.0), west, place(20.0, 50.0), Some(10.0)),
            [(-130.0, -90.0)]
        );
        assert_eq!(
            turns(place(-30.0, 40.0), west, place(-80.0, 50.0), Some(10.0)),
            [(-50.0, -10.0)]
        );
        assert_eq!(
            turns(place(10.0, 70.0), west, place(-178.0, 60.0), Some(15.0)),
            [(-188.0, 10.0)]
        );
    }

    #[test]
    fn axes_at_one_rate_bend_where_the_first_has_arrived() {
        let journey = Journey {
            from: place(0.0, 0.0),
            side: None,
            to: place(-50.0, 20.0),
            pole: 90.0,
            meridian: None,
        };
        let bends: Vec<_> = journey
            .ways()
            .iter()
            .map(|way| (way.corners[1].first, way.corners[1].second))
            .collect();
        assert_eq!(bends, [(0.0, 0.0), (-20.0, 20.0)]);
    }
}
