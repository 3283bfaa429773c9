//! How the two axes of a German mount lie: from their angles to a place in the sky, and back.
//!
//! Angles are counted in degrees from where the mount is at home: the counterweight hangs down, and the telescope points at the
//! pole that is up. Forward turns the first axis as the northern sky turns, and the second to the telescope's east at home, seen
//! from the north. Within a quarter of a turn of the first axis the counterweight is below the telescope. In the south the same
//! mount points at the other pole: hour angles and declinations are those of the north, mirrored.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::PierSide;

/// Degrees from home, of any turn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Axes {
    /// Of the polar axis.
    pub(crate) first: f64,
    /// Of the axis across it.
    pub(crate) second: f64,
}

/// Where something stands against the ground, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// West of the meridian positive, -180 to 180.
    pub(crate) hour_angle: f64,
    pub(crate) dec: f64,
}

/// A German mount at a latitude.
#[derive(Debug, Clone, Copy)]
pub(crate) struct German {
    latitude: f64,
    /// Degrees past the meridian that the telescope may be, where the counterweight is above it.
    past: f64,
}

/// No side of the pier can be followed from for long enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TooSoon {
    /// Degrees that are left on the side that there is.
    pub(crate) left: f64,
}

/// Degrees from the pole at which the telescope is on no side.
const AT_POLE: f64 = 1e-6;

/// Degrees that have to be left to follow on, for a goto: five minutes.
pub(crate) const LEAST: f64 = 1.25;

/// Degrees between the points at which a way is looked at.
const GRID: f64 = 5.0;

impl German {
    pub(crate) fn new(latitude: f64, past: f64) -> Self {
        Self { latitude, past }
    }

    /// The way that the first axis follows the sky: 1 forward, -1 back.
    pub(crate) fn sense(self) -> f64 {
        if self.latitude < 0.0 { -1.0 } else { 1.0 }
    }

    pub(crate) fn place(self, axes: Axes) -> Place {
        let (sense, second) = (self.sense(), half_turn(axes.second));
        let side = if second < 0.0 { -1.0 } else { 1.0 };
        Place {
            hour_angle: half_turn(sense * (axes.first + side * 90.0)),
            dec: sense * (90.0 - second.abs()),
        }
    }

    /// The angles that point there from a side, the first from -180 to 180.
    pub(crate) fn axes(self, place: Place, side: PierSide) -> Axes {
        let sense = self.sense();
        let side = match side {
            PierSide::East => sense,
            PierSide::West => -sense,
        };
        Axes {
            first: half_turn(sense * place.hour_angle - side * 90.0),
            second: side * (90.0 - sense * place.dec),
        }
    }

    /// The side that the telescope is on; none at the pole, where it is between them.
    pub(crate) fn side(self, axes: Axes) -> Option<PierSide> {
        let second = self.sense() * half_turn(axes.second);
        if second.abs() < AT_POLE {
            None
        } else if second > 0.0 {
            Some(PierSide::East)
        } else {
            Some(PierSide::West)
        }
    }

    /// Degrees that the sky can be followed on before the counterweight is higher than it may be; below 0 where it is already.
    pub(crate) fn left(self, axes: Axes) -> f64 {
        90.0 + self.past - self.sense() * axes.first
    }

    /// The angles that point there, from the side that the telescope is on if that can be.
    pub(crate) fn choose(self, place: Place, from: Option<PierSide>) -> Result<Axes, TooSoon> {
        let [east, west] =
            [PierSide::East, PierSide::West].map(|side| Some(self.axes(place, side)));
        let can = |axes: &Axes| axes.first.abs() <= 90.0 + self.past;
        let (east, west) = (east.filter(can), west.filter(can));
        let longer = |axes: &Option<Axes>| axes.map_or(f64::NEG_INFINITY, |axes| self.left(axes));
        let west_first = match from {
            Some(PierSide::East) => false,
            Some(PierSide::West) => true,
            None => longer(&west) > longer(&east),
        };
        let sides = if west_first {
            [west, east]
        } else {
            [east, west]
        };
        let mut sides = sides.into_iter().flatten();
        let lasting = sides.clone().find(|axes| self.left(*axes) >= LEAST);
        lasting.ok_or_else(|| TooSoon {
            left: sides.next().map_or(0.0, |axes| self.left(axes)),
        })
    }

    /// The angles to come to one after the other, the last those that are meant. Both axes turn at once and nobody knows how fast
    /// each does, so that they go straight only where nothing between the two lies under the ground. Else they go over the pole:
    /// from there and to there the way is a great circle, and what is above the ground stays above it.
    pub(crate) fn way(self, from: Axes, to: Axes) -> Vec<Axes> {
        let lowest = self.altitude(from).min(self.altitude(to)).min(0.0);
        if self.lowest_between(from, to) >= lowest {
            return vec![to];
        }
        let over_pole = |first| Axes { first, second: 0.0 };
        vec![over_pole(from.first), over_pole(to.first), to]
    }

    /// Degrees above the ground.
    pub(crate) fn altitude(self, axes: Axes) -> f64 {
        let Place { hour_angle, dec } = self.place(axes);
        let (dec, latitude) = (dec.to_radians(), self.latitude.to_radians());
        let up =
            dec.sin() * latitude.sin() + dec.cos() * latitude.cos() * hour_angle.to_radians().cos();
        up.clamp(-1.0, 1.0).asin().to_degrees()
    }

    /// Of all that the axes can point at between two pairs of angles.
    fn lowest_between(self, from: Axes, to: Axes) -> f64 {
        let firsts = steps(from.first, to.first);
        let seconds = steps(from.second, to.second);
        let all = firsts
            .iter()
            .flat_map(|&first| seconds.iter().map(move |&second| Axes { first, second }));
        all.map(|axes| self.altitude(axes))
            .fold(f64::INFINITY, f64::min)
    }
}

/// From one to the other, both included.
fn steps(from: f64, to: f64) -> Vec<f64> {
    // Neither is more than some turns.
    let count = ((to - from).abs() / GRID).ceil().max(1.0) as u32;
    let between = |step| from + (to - from) * f64::from(step) / f64::from(count);
    (0..count).map(between).chain([to]).collect()
}

/// An angle in degrees brought into -180 to 180.
pub(crate) fn half_turn(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests;
