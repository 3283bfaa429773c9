//! The axes of an equatorial mount: from a place in the sky to their angles, and back.
//!
//! The angles are those of a mount whose telescope is east of its pier, where they are hour angle and declination
//! themselves. West of the pier the telescope has come over the pole: the second axis is past 90 degrees, and the first
//! half a turn on. So the way over the pole is straight in angles, and no jump in hour angle is a motion.

use super::sighting::PierSide;

/// Closer to a pole than this (degrees) the hour angle says nothing.
pub(crate) const POLAR: f64 = 0.25;

/// The angles of the two axes, in degrees, of any turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pose {
    pub(crate) first: f64,
    pub(crate) second: f64,
    /// The mount has a pier side, and these are the angles of its axes. Else they are only a place.
    pub(crate) sided: bool,
}

/// An hour angle, west positive, and a declination in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) hour_angle: f64,
    pub(crate) declination: f64,
}

/// An angle in degrees brought into -180 up to but not 180.
pub(crate) fn half_turn(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

impl PierSide {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::East => Self::West,
            Self::West => Self::East,
        }
    }

    /// The side that a mount takes for an hour angle by itself: counterweight down.
    pub(crate) fn natural(hour_angle: f64) -> Self {
        if half_turn(hour_angle) < 0.0 {
            Self::West
        } else {
            Self::East
        }
    }
}

impl Pose {
    /// The angles for a place from a side. `pole` is the declination of the pole over which the mount turns over.
    pub(crate) fn of(place: Place, side: Option<PierSide>, pole: f64) -> Self {
        // The first axis of a German mount turns evenly to both sides of 90 degrees, where its counterweight is down.
        let turned = |first: f64| 90.0 + half_turn(first - 90.0);
        let Place {
            hour_angle,
            declination,
        } = place;
        let (first, second) = match side {
            None => (half_turn(hour_angle), declination),
            Some(PierSide::East) => (turned(hour_angle), declination),
            Some(PierSide::West) => (turned(hour_angle + 180.0), 2.0 * pole - declination),
        };
        Self {
            first,
            second,
            sided: side.is_some(),
        }
    }

    /// Where the telescope points.
    pub(crate) fn place(self) -> Place {
        let second = half_turn(self.second);
        if second.abs() <= 90.0 {
            Place {
                hour_angle: half_turn(self.first),
                declination: second,
            }
        } else {
            Place {
                hour_angle: half_turn(self.first - 180.0),
                declination: 180f64.copysign(second) - second,
            }
        }
    }

    /// Turned by so much.
    pub(crate) fn turned(self, first: f64, second: f64) -> Self {
        Self {
            first: self.first + first,
            second: self.second + second,
            ..self
        }
    }

    /// By how much the axes have turned since `before`, whatever the turn and the side of the pole that were said of it.
    pub(crate) fn since(self, before: Pose) -> (f64, f64) {
        let twins = [
            (before.first, before.second),
            (before.first + 180.0, 180.0 - before.second),
        ];
        let turned = twins.map(|(first, second)| {
            (
                half_turn(self.first - first),
                half_turn(self.second - second),
            )
        });
        let length = |(first, second): (f64, f64)| first.hypot(second);
        let [plain, over] = turned;
        if length(over) < length(plain) {
            over
        } else {
            plain
        }
    }
}

impl Place {
    /// Whether it is so near a pole that the hour angle says nothing.
    pub(crate) fn is_polar(self) -> bool {
        self.declination.abs() > 90.0 - POLAR
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pose(first: f64, second: f64) -> Pose {
        Pose {
            first,
            second,
            sided: true,
        }
    }

    proptest! {
        #[test]
        fn a_place_is_the_same_from_either_side(hour_angle in -179.9..179.9, declination in -89.9..89.9, southern: bool) {
            let pole = if southern { -90.0 } else { 90.0 };
            let place = Place { hour_angle, declination };
            for side in [None, Some(PierSide::East), Some(PierSide::West)] {
                let back = Pose::of(place, side, pole).place();
                prop_assert!((back.hour_angle - hour_angle).abs() < 1e-9);
                prop_assert!((back.declination - declination).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn nothing_has_turned_where_only_the_way_of_saying_it_changed() {
        let near = |turned: (f64, f64), first: f64, second: f64| {
            assert!(
                (turned.0 - first).abs() < 1e-9 && (turned.1 - second).abs() < 1e-9,
                "{turned:?}"
            );
        };
        near(pose(179.0, 10.0).since(pose(-179.5, 11.0)), -1.5, -1.0);
        near(pose(20.0, 95.0).since(pose(-160.0, 84.0)), 0.0, -1.0);
        near(pose(20.0, -95.0).since(pose(-159.0, -84.0)), -1.0, 1.0);
        near(pose(10.0, 89.8).since(pose(10.0, 90.3)), 0.0, -0.5);
    }
}
