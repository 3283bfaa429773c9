//! `e` `L` `t` and the rest of what a mount tells of itself. Three short questions: the line stays free for a stop.

use slewgate_sdk::mount::{PierSide, State, Tracking};
use slewgate_sdk::{Failure, Frame, Horizontal, Host, Millis, Moving, Observation, angle, json};

use crate::drift::{Look, Rest, Seen};
use crate::follow::Mode;
use crate::mount::Mount;
use crate::park;

/// A sample is some 30 bytes both ways, and the time that the hand control thinks.
pub(crate) const EVERY: Millis = 500;

pub(crate) fn sample(host: &dyn Host) -> Result<Observation, Failure> {
    let mount = Mount::open(host)?;
    let asked = host.now();
    let at = mount.position()?;
    let told = host.now();
    let look = Look {
        asked,
        told,
        ra: at.ra,
        dec: at.dec,
    };
    let under_way = mount.under_way()?;
    let mode = Mode::now(&mount)?;
    let seen = match under_way {
        true => look.of_motion(host)?,
        false => look.judge(host, mount.found.precision())?,
    };
    let tracking = tracking(seen, mode.rate(&mount));
    let site = mount.found.site();
    let j2000 = host.convert(at, Frame::Jnow, Frame::J2000, told);
    let direction = site.map(|site| host.to_horizontal(at, told, site));
    let data = State {
        tracking,
        slewing: seen == Seen::Moving,
        parked: Some(park::is_parked(&mount, mode, seen)?),
        pier_side: pier_side(&mount)?,
        sidereal_time: sidereal_time(&mount).map(|hours| angle::rounded(hours, 5) % 24.0),
        ..State::at(at, j2000, direction)
    };
    Ok(Observation {
        moving: match (seen, tracking) {
            (Seen::Moving, _) => Moving::Moving,
            (_, Some(Tracking::Off)) => Moving::Still,
            _ => Moving::Tracking,
        },
        position: Some(at),
        axes: None,
        data: json(&data)?,
    })
}

/// What the mount does counts more than what its hand control says that it would.
fn tracking(seen: Seen, said: Option<Tracking>) -> Option<Tracking> {
    match (seen, said) {
        (Seen::Resting(Some(Rest::Standing)), _) => Some(Tracking::Off),
        (Seen::Resting(Some(Rest::Following)), Some(Tracking::Off)) => None,
        _ => said,
    }
}

/// A telescope that looks to the west is on the east side.
fn pier_side(mount: &Mount) -> Result<Option<PierSide>, Failure> {
    if !mount.tells_its_side() {
        return Ok(None);
    }
    Ok(match mount.port.one_or_none(b"p")? {
        Some(b'W') => Some(PierSide::East),
        Some(b'E') => Some(PierSide::West),
        _ => None,
    })
}

/// By its own clock, which was read when the line was opened or set from here.
fn sidereal_time(mount: &Mount) -> Option<f64> {
    let now = mount.host.now() + mount.found.ahead?;
    meridian(mount, now)
}

/// The right ascension that is in the meridian at a time: of the point of the equator that is highest.
pub(crate) fn meridian(mount: &Mount, at: f64) -> Option<f64> {
    let site = mount.found.site()?;
    let south = site.latitude >= 0.0;
    let highest = Horizontal {
        altitude: 90.0 - site.latitude.abs(),
        azimuth: if south { 180.0 } else { 0.0 },
    };
    Some(mount.host.to_equatorial(highest, at, site).ra)
}
