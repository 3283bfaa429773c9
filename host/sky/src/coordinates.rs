//! The words of the sky: frames, positions, sites.

use sofars::vm::{anp, seps};
use std::f64::consts::PI;

/// Which equator and equinox a right ascension and a declination refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Frame {
    /// Mean equator and equinox of J2000 (ICRS): what catalogues give.
    J2000,
    /// True equator and equinox of date, with aberration: what mounts work in.
    JNow,
}

/// A direction by right ascension and declination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equatorial {
    /// Right ascension in hours, 0 to 24.
    pub ra: f64,
    /// Declination in degrees, -90 to 90.
    pub dec: f64,
}

/// A direction by altitude and azimuth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Horizontal {
    /// Degrees above the horizon, without refraction.
    pub altitude: f64,
    /// Degrees from north through east, 0 to 360.
    pub azimuth: f64,
}

/// A place on the Earth, on the WGS84 ellipsoid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// Degrees, north positive.
    pub latitude: f64,
    /// Degrees, east positive.
    pub longitude: f64,
    /// Metres above sea level.
    pub elevation: f64,
}

/// Degrees between two positions in one frame, 0 to 180.
pub fn separation(a: Equatorial, b: Equatorial) -> f64 {
    let ((a_ra, a_dec), (b_ra, b_dec)) = (a.radians(), b.radians());
    seps(a_ra, a_dec, b_ra, b_dec).to_degrees()
}

impl Equatorial {
    /// From angles in radians; right ascension is brought into 0 to 24 hours.
    pub(crate) fn from_radians((ra, dec): (f64, f64)) -> Self {
        Self {
            ra: hours(ra),
            dec: dec.to_degrees(),
        }
    }

    /// Right ascension and declination in radians.
    pub(crate) fn radians(self) -> (f64, f64) {
        (self.ra / 12.0 * PI, self.dec.to_radians())
    }
}

/// An angle in radians as hours, 0 up to but not 24.
pub(crate) fn hours(radians: f64) -> f64 {
    below(anp(radians) * 12.0 / PI, 24.0)
}

/// An angle in radians as degrees, 0 up to but not 360.
pub(crate) fn full_circle(radians: f64) -> f64 {
    below(anp(radians).to_degrees(), 360.0)
}

/// What rounding brought up to the full turn is the start of the next one.
fn below(value: f64, turn: f64) -> f64 {
    if value >= turn { 0.0 } else { value }
}
