//! How the two axes lie: from their angles to a place in the sky, and back.
//!
//! A place is an hour angle (west of the meridian positive) and a declination, in degrees. The angles are those of a
//! mount whose telescope is east of its pier, where they are hour angle and declination themselves. West of the pier
//! the telescope has come over the pole: the second axis is past 90 degrees, and the first on the other side.

/// Which way a mount is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Geometry {
    /// A fork on a polar axis: each place has one pair of angles, and nothing is in the way.
    Fork,
    /// A German mount, whose telescope is on one side of the pier and has to change it.
    German(Hemisphere),
}

/// Over which pole a German mount turns over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hemisphere {
    Northern,
    Southern,
}

/// On which side of the pier the telescope is. East of it, it looks west.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PierSide {
    East,
    West,
}

/// The angles from the lowest to the highest that each axis can have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) first: (f64, f64),
    pub(crate) second: (f64, f64),
}

/// Degrees past the meridian that the telescope may follow, or be sent, before it has to change sides.
pub(crate) const PAST_MERIDIAN: f64 = 15.0;

/// Degrees that keep a telescope from the pole, where it would be on both sides.
const OFF_THE_POLE: f64 = 1e-6;

impl Hemisphere {
    pub(crate) fn at(latitude: f64) -> Self {
        if latitude < 0.0 {
            Self::Southern
        } else {
            Self::Northern
        }
    }

    /// The declination of its pole.
    pub(crate) fn pole(self) -> f64 {
        match self {
            Self::Northern => 90.0,
            Self::Southern => -90.0,
        }
    }
}

impl Geometry {
    /// The place that the axes point at: hour angle from -180 to 180, declination from -90 to 90.
    pub(crate) fn place(self, (first, second): (f64, f64)) -> (f64, f64) {
        let second = half_turn(second);
        if second.abs() <= 90.0 {
            (half_turn(first), second)
        } else {
            (half_turn(first - 180.0), 180f64.copysign(second) - second)
        }
    }

    /// The angles that point at a place from a side.
    pub(crate) fn axes(self, (hour_angle, declination): (f64, f64), side: PierSide) -> (f64, f64) {
        let hour_angle = half_turn(hour_angle);
        match (self, side) {
            (Self::German(hemisphere), PierSide::West) => {
                (hour_angle + 180.0, 2.0 * hemisphere.pole() - declination)
            }
            _ => (hour_angle, declination),
        }
    }

    /// The side that the telescope is on. A fork has none.
    pub(crate) fn side(self, (_, second): (f64, f64)) -> Option<PierSide> {
        match self {
            Self::Fork => None,
            Self::German(_) if half_turn(second).abs() <= 90.0 => Some(PierSide::East),
            Self::German(_) => Some(PierSide::West),
        }
    }

    /// The side to reach an hour angle from, for a telescope that is on one: the same while that is possible.
    pub(crate) fn side_for(self, hour_angle: f64, from: PierSide) -> PierSide {
        let hour_angle = half_turn(hour_angle);
        match from {
            PierSide::East if hour_angle < -PAST_MERIDIAN => PierSide::West,
            PierSide::West if hour_angle > PAST_MERIDIAN => PierSide::East,
            same => same,
        }
    }

    /// How far the axes can go without changing sides.
    pub(crate) fn reach(self, axes: (f64, f64)) -> Reach {
        match (self, self.side(axes)) {
            (Self::German(hemisphere), Some(PierSide::West)) => Reach {
                first: (0.0, 180.0 + PAST_MERIDIAN),
                second: match hemisphere {
                    Hemisphere::Northern => (90.0 + OFF_THE_POLE, 270.0),
                    Hemisphere::Southern => (-270.0, -90.0 - OFF_THE_POLE),
                },
            },
            (Self::German(_), _) => Reach {
                first: (-PAST_MERIDIAN, 180.0),
                second: (-90.0, 90.0),
            },
            (Self::Fork, _) => Reach {
                first: (f64::NEG_INFINITY, f64::INFINITY),
                second: (-90.0, 90.0),
            },
        }
    }

    /// The angle that the first axis goes to for an ordered one: a fork takes the short way round.
    pub(crate) fn way(self, from: f64, to: f64) -> f64 {
        match self {
            Self::Fork => from + half_turn(to - from),
            Self::German(_) => to,
        }
    }
}

/// An angle in degrees brought into -180 to 180.
pub(crate) fn half_turn(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_is_the_same_from_either_side(hour_angle in -179.0..179.0, declination in -89.9..89.9, southern: bool) {
            let hemisphere = if southern { Hemisphere::Southern } else { Hemisphere::Northern };
            let german = Geometry::German(hemisphere);
            for side in [PierSide::East, PierSide::West] {
                let axes = german.axes((hour_angle, declination), side);
                prop_assert_eq!(german.side(axes), Some(side));
                let (read, above) = german.place(axes);
                prop_assert!((read - hour_angle).abs() < 1e-9 && (above - declination).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn at_home_the_counterweight_hangs_down_on_the_way_between_the_sides() {
        for hemisphere in [Hemisphere::Northern, Hemisphere::Southern] {
            let german = Geometry::German(hemisphere);
            let pole = hemisphere.pole();
            assert_eq!(german.axes((90.0, pole), PierSide::East), (90.0, pole));
            assert_eq!(german.axes((-90.0, pole), PierSide::West), (90.0, pole));
        }
    }

    #[test]
    fn a_telescope_changes_sides_when_its_target_is_too_far_past_the_meridian() {
        let german = Geometry::German(Hemisphere::Northern);
        for (hour_angle, from, to) in [
            (-14.0, PierSide::East, PierSide::East),
            (-16.0, PierSide::East, PierSide::West),
            (14.0, PierSide::West, PierSide::West),
            (16.0, PierSide::West, PierSide::East),
            (346.0, PierSide::East, PierSide::East),
        ] {
            assert_eq!(
                german.side_for(hour_angle, from),
                to,
                "{hour_angle} {from:?}"
            );
        }
    }
}
