//! Sites, instants, and places above them.

use std::sync::LazyLock;
use std::time::Instant;

use slewgate_safety::limits::{Fence, Limits, PierSide, Sighting, State};
use slewgate_sky::{Equatorial, Site, Sky};

/// 2026-06-21T12:00:00Z: the Sun is high over Greenwich, 23.4 degrees north.
pub(crate) const NOON: f64 = 1_782_043_200e3;
/// 2026-11-23T22:00:00Z.
pub(crate) const NIGHT: f64 = 1_795_471_200e3;

/// One for all: it keeps what takes long to compute.
pub(crate) static SKY: LazyLock<Sky> = LazyLock::new(|| Sky::new(0.0));

pub(crate) const GREENWICH: Site = Site {
    latitude: 51.4779,
    longitude: 0.0,
    elevation: 46.0,
};
pub(crate) const SYDNEY: Site = Site {
    latitude: -33.86,
    longitude: 151.2,
    elevation: 20.0,
};

/// Limits without a Sun, so that a test is about one thing.
pub(crate) fn limits() -> Limits {
    Limits {
        sun: None,
        ..Limits::default()
    }
}

pub(crate) fn fence(limits: Limits, site: Site) -> Fence {
    Fence::new(limits, SKY.clone(), site)
}

/// Where the sky has an hour angle (west positive) and a declination, in degrees.
pub(crate) fn at(hour_angle: f64, dec: f64, site: Site, at_ms: f64) -> Equatorial {
    let sidereal = SKY.sidereal_time(at_ms, &site);
    Equatorial {
        ra: (sidereal - hour_angle / 15.0).rem_euclid(24.0),
        dec,
    }
}

/// Back to hour angle (-180 to 180) and declination.
pub(crate) fn place(position: Equatorial, site: Site, at_ms: f64) -> (f64, f64) {
    let sidereal = SKY.sidereal_time(at_ms, &site);
    let hour_angle = (sidereal - position.ra) * 15.0;
    ((hour_angle + 180.0).rem_euclid(360.0) - 180.0, position.dec)
}

pub(crate) fn seen(position: Equatorial, pier: Option<PierSide>, at_ms: f64) -> Sighting {
    Sighting {
        position,
        axes: None,
        pier,
        state: State::Tracking,
        taken: Instant::now(),
        at_ms,
    }
}
