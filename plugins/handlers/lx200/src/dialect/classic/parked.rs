//! Whether the mount is parked. It does not tell: what is known of it is kept, and is `null` in the status where nothing is.
//!
//! An attach follows each opening of the line and each replacement of this handler, and cannot tell the one from the other. So what
//! is known outlives it only where the mount bears it out: one that still points where it was parked is parked, and of any other
//! nothing is known until it is seen to move or to follow the sky. At the pole to follow and to stand look alike: there it stays parked.

use serde::{Deserialize, Serialize};
use slewgate_sdk::{Equatorial, Failure, Host, json, read};

use super::drift::{Rest, Seen};
use crate::angles;
use crate::port::{Port, garbled};

#[derive(Debug, Serialize, Deserialize)]
enum Known {
    Parked(Place),
    Awake,
}

/// A direction against the ground, by the mount's own sidereal time: neither its site nor the right time have to be known.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Place {
    /// Hours, 0 to 24.
    hour_angle: f64,
    /// Degrees.
    dec: f64,
}

const KEY: &str = "parked";

/// It has come to rest where it parks, in JNow.
pub(super) fn arrived(host: &dyn Host, port: &Port, at: Equatorial) -> Result<(), Failure> {
    keep(host, &Known::Parked(Place::of(port, at)?))
}

/// It was told to wake, or is seen to be awake.
pub(super) fn awake(host: &dyn Host) -> Result<(), Failure> {
    keep(host, &Known::Awake)
}

/// It was attached, and points there, in JNow.
pub(super) fn attached(host: &dyn Host, port: &Port, at: Equatorial) -> Result<(), Failure> {
    match recall(host) {
        Some(Known::Parked(place)) if place.is_near(host, Place::of(port, at)?) => Ok(()),
        _ => host.keep(KEY, b""),
    }
}

/// Whether it is parked, with what a look at it shows.
pub(super) fn seen(host: &dyn Host, seen: Seen) -> Result<Option<bool>, Failure> {
    match (recall(host), seen) {
        (None, Seen::Moving | Seen::Resting(Some(Rest::Following))) => {
            awake(host)?;
            Ok(Some(false))
        }
        (known, _) => Ok(known.map(|known| matches!(known, Known::Parked(_)))),
    }
}

/// Where it is not known, the mount itself will refuse or not.
pub(super) fn refuse(host: &dyn Host) -> Result<(), Failure> {
    match recall(host) {
        Some(Known::Parked(_)) => Err(Failure::Refused(
            "the mount is parked: unpark it first".into(),
        )),
        _ => Ok(()),
    }
}

impl Place {
    fn of(port: &Port, at: Equatorial) -> Result<Self, Failure> {
        let told = port.ask(":GS#")?;
        let sidereal = angles::hours(&told).ok_or_else(|| garbled(":GS#", &told))?;
        Ok(Self {
            hour_angle: (sidereal - at.ra).rem_euclid(24.0),
            dec: at.dec,
        })
    }

    fn is_near(self, host: &dyn Host, other: Self) -> bool {
        // The angle between two directions is the same, whether they are counted from the equinox or from the meridian.
        let [a, b] = [self, other].map(|place| Equatorial {
            ra: place.hour_angle,
            dec: place.dec,
        });
        host.separation(a, b) <= super::REST
    }
}

fn recall(host: &dyn Host) -> Option<Known> {
    read(&host.recall(KEY)?).ok()
}

fn keep(host: &dyn Host, known: &Known) -> Result<(), Failure> {
    host.keep(KEY, json(known)?.as_bytes())
}
