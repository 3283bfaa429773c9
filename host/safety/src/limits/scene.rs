//! One instant over the site: how far each limit is from a pose.

use slewgate_sky::{Equatorial, Horizontal, separation};

use super::breach::{Breach, Limit, Subject};
use super::fence::Fence;
use super::pose::{POLAR, Place, Pose, half_turn};
use super::settings::{Limits, Sun};
use super::sighting::{PierSide, Sighting};
use super::walk::FINEST;

/// How exact the way to the mask is looked for, degrees.
const EXACT: f64 = 0.01;

/// The site at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    fence: &'a Fence,
    at_ms: f64,
    /// Local apparent sidereal time in degrees.
    sidereal: f64,
    /// Where the Sun is, while it counts.
    sun: Option<(Equatorial, Sun)>,
    /// Whether the hour angle says how far the axes have turned. Over the pole it does not.
    hour_angle_counts: bool,
}

/// A limit as a pose has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measure {
    pub(crate) limit: Limit,
    /// Inside: no way of both axes together that is shorter than this (degrees) leads to the limit. Outside: how far,
    /// below zero.
    pub(crate) room: f64,
    found: f64,
    allowed: f64,
    azimuth: Option<f64>,
}

/// Those limits that follow from where the telescope points.
pub(crate) type Measures = [Option<Measure>; 5];

impl<'a> Scene<'a> {
    pub(crate) fn new(fence: &'a Fence, at_ms: f64, sun_permitted: bool) -> Self {
        Self {
            fence,
            at_ms,
            sidereal: fence.sidereal_degrees(at_ms),
            sun: fence.sun_that_counts(at_ms, sun_permitted),
            hour_angle_counts: true,
        }
    }

    /// The same for a mount that turns over the pole.
    pub(crate) fn over_the_pole(self) -> Self {
        Self {
            hour_angle_counts: false,
            ..self
        }
    }

    fn limits(&self) -> &'a Limits {
        self.fence.limits()
    }

    /// The place of a position.
    pub(crate) fn place(&self, position: Equatorial) -> Place {
        Place {
            hour_angle: half_turn(self.sidereal - position.ra * 15.0),
            declination: position.dec,
        }
    }

    /// The angles for a position.
    pub(crate) fn pose(&self, position: Equatorial, side: Option<PierSide>) -> Pose {
        Pose::of(self.place(position), side, self.fence.pole())
    }

    /// The angles of a telescope that was seen.
    pub(crate) fn seen(&self, sighting: &Sighting) -> Pose {
        self.pose(sighting.position, sighting.pier)
    }

    /// Every limit that holds here.
    pub(crate) fn measures(&self, pose: Pose) -> Measures {
        let place = pose.place();
        let position = Equatorial {
            ra: (self.sidereal - place.hour_angle).rem_euclid(360.0) / 15.0,
            dec: place.declination,
        };
        let horizontal = self.fence.horizontal(position, self.at_ms);
        [
            Some(self.horizon(horizontal)),
            self.highest(horizontal),
            self.meridian(pose, place),
            self.hour_angle(place),
            self.sun(position),
        ]
    }

    /// The least room inside all limits; none where it is outside one.
    pub(crate) fn room(&self, pose: Pose) -> Option<f64> {
        let measures = self.measures(pose);
        let rooms = measures.iter().flatten().map(|measure| measure.room);
        let least = rooms.fold(360.0, f64::min);
        (least > 0.0).then_some(least)
    }

    fn horizon(&self, Horizontal { altitude, azimuth }: Horizontal) -> Measure {
        let allowed = self.limits().lowest(azimuth);
        let above = altitude - allowed;
        let mask = self.limits().horizon.is_some();
        Measure {
            limit: Limit::Horizon,
            room: if mask && above > FINEST {
                self.clear(altitude, azimuth, above)
            } else {
                above
            },
            found: altitude,
            allowed,
            azimuth: mask.then_some(azimuth),
        }
    }

    /// How far one can go in any direction before the mask may be met, at most `above`. The mask may be steep: its height
    /// right below says nothing of a wall beside.
    fn clear(&self, altitude: f64, azimuth: f64, above: f64) -> f64 {
        let is_clear = |radius: f64| {
            altitude - radius
                >= self
                    .limits()
                    .lowest_within(azimuth, width(altitude, radius))
        };
        if is_clear(above) {
            return above;
        }
        let (mut clear, mut met) = (0.0, above);
        while met - clear > EXACT {
            let middle = (clear + met) / 2.0;
            if is_clear(middle) {
                clear = middle;
            } else {
                met = middle;
            }
        }
        clear
    }

    fn highest(&self, Horizontal { altitude, .. }: Horizontal) -> Option<Measure> {
        let allowed = self.limits().highest;
        (allowed < 90.0).then_some(Measure {
            limit: Limit::Highest,
            room: allowed - altitude,
            found: altitude,
            allowed,
            azimuth: None,
        })
    }

    /// Counterweight down is at 90 degrees of the first axis, the upper and the lower meridian are 90 from there.
    fn meridian(&self, pose: Pose, place: Place) -> Option<Measure> {
        let allowed = self.limits().meridian?;
        let past = (pose.first - 90.0).abs() - 90.0;
        pose.sided.then_some(Measure {
            limit: Limit::Meridian,
            room: away_from_the_pole(place, allowed - past),
            found: past,
            allowed,
            azimuth: None,
        })
    }

    fn hour_angle(&self, place: Place) -> Option<Measure> {
        let (least, most) = self.limits().hour_angle?;
        let off = half_turn(place.hour_angle - (least + most) / 2.0);
        self.hour_angle_counts.then_some(Measure {
            limit: Limit::HourAngle,
            room: away_from_the_pole(place, (most - least) / 2.0 - off.abs()),
            found: place.hour_angle,
            allowed: if off < 0.0 { least } else { most },
            azimuth: None,
        })
    }

    fn sun(&self, position: Equatorial) -> Option<Measure> {
        let (sun, Sun { distance, .. }) = self.sun?;
        let found = separation(position, sun);
        Some(Measure {
            limit: Limit::Sun,
            room: found - distance,
            found,
            allowed: distance,
            azimuth: None,
        })
    }
}

/// At the pole a limit of the hour angle is neither kept nor passed; beyond it is to be looked at anew.
fn away_from_the_pole(place: Place, room: f64) -> f64 {
    if place.is_polar() { POLAR } else { room }
}

/// How far to each side in azimuth a circle of a radius reaches around an altitude, degrees.
fn width(altitude: f64, radius: f64) -> f64 {
    let reach = radius.to_radians().sin() / altitude.to_radians().cos();
    if radius + altitude.abs() >= 90.0 || reach >= 1.0 {
        180.0
    } else {
        reach.asin().to_degrees()
    }
}

impl Measure {
    /// Whether the limit is not kept, but for `slack` degrees. What is no number keeps none.
    pub(crate) fn is_breached(&self, slack: f64) -> bool {
        self.room.is_nan() || self.room < -slack
    }

    pub(crate) fn breach(&self, subject: Subject) -> Breach {
        Breach {
            limit: self.limit,
            subject,
            allowed: self.allowed,
            found: self.found,
            azimuth: self.azimuth,
        }
    }
}
