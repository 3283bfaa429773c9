//! Where a direction of the sky falls on the picture: the tangent plane (gnomonic projection), on which great circles are
//! straight lines.

use slewgate_sky::Equatorial;
use std::f64::consts::PI;
use std::ops::Range;

/// A vector of length 1, in a frame whose third axis is the pole.
pub(super) type Direction = [f64; 3];

/// The plane of a picture.
pub(super) struct Plane {
    towards: Direction,
    east: Direction,
    north: Direction,
    /// Pixels for each radian, in the middle.
    scale: f64,
    /// The middle of the picture, in pixels from the middle of the upper left one.
    middle: (f64, f64),
}

/// The horizon on a picture: where `right * x + down * y + middle` is 0; below it is ground.
pub(super) struct Horizon {
    right: f64,
    down: f64,
    middle: f64,
}

impl Plane {
    /// Of a camera that looks at `centre` and sees so many degrees from left to right.
    pub(super) fn new(centre: Equatorial, field: f64, (width, height): (u16, u16)) -> Self {
        let (ra, dec) = radians(centre);
        Self {
            towards: direction(centre),
            east: [-ra.sin(), ra.cos(), 0.0],
            north: [-dec.sin() * ra.cos(), -dec.sin() * ra.sin(), dec.cos()],
            scale: f64::from(width) / 2.0 / (field.to_radians() / 2.0).tan(),
            middle: (
                (f64::from(width) - 1.0) / 2.0,
                (f64::from(height) - 1.0) / 2.0,
            ),
        }
    }

    /// Where a direction falls, in pixels right of and below the middle of the upper left one, on the picture or beside it.
    /// None: the camera looks away from it.
    pub(super) fn place(&self, direction: Direction) -> Option<(f64, f64)> {
        let ahead = dot(direction, self.towards);
        let (x, y) = self.middle;
        (ahead > 0.0).then(|| {
            let pixels = self.scale / ahead;
            (
                x - dot(direction, self.east) * pixels,
                y - dot(direction, self.north) * pixels,
            )
        })
    }

    /// The horizon of a site with this zenith.
    pub(super) fn horizon(&self, zenith: Direction) -> Horizon {
        let right = -dot(zenith, self.east);
        let down = -dot(zenith, self.north);
        let (x, y) = self.middle;
        Horizon {
            right,
            down,
            middle: dot(zenith, self.towards) * self.scale - right * x - down * y,
        }
    }
}

impl Horizon {
    /// The pixels of a row that are below the horizon.
    pub(super) fn below(&self, row: usize, width: usize) -> Range<usize> {
        let first = self.down * row as f64 + self.middle;
        let last = first + self.right * (width - 1) as f64;
        // Where it crosses the row; a cast of a float saturates.
        let crossing = ((-first / self.right).ceil() as usize).min(width);
        match (first < 0.0, last < 0.0) {
            (false, false) => 0..0,
            (true, true) => 0..width,
            (true, false) => 0..crossing,
            (false, true) => crossing..width,
        }
    }
}

/// The direction of a position.
pub(super) fn direction(position: Equatorial) -> Direction {
    let (ra, dec) = radians(position);
    [dec.cos() * ra.cos(), dec.cos() * ra.sin(), dec.sin()]
}

fn radians(position: Equatorial) -> (f64, f64) {
    (position.ra / 12.0 * PI, position.dec.to_radians())
}

fn dot(a: Direction, b: Direction) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
