//! `:GR#` `:GD#` and the rest of what a mount tells of itself.

use slewgate_sdk::mount::{State, Tracking};
use slewgate_sdk::{Equatorial, Failure, Frame, Host, Millis, Moving, Observation, angle, json};

use crate::angles;
use crate::dialect::Activity;
use crate::mount::Mount;
use crate::port::{Port, garbled};

/// A sample is some 80 bytes both ways, 85 ms at 9600 baud: the line stays free for a stop.
pub(crate) const EVERY: Millis = 500;

/// Where the mount says that it points.
pub(crate) struct Reading {
    /// In JNow.
    pub(crate) at: Equatorial,
    /// Whether it showed seconds.
    pub(crate) high: bool,
}

pub(crate) fn sample(host: &dyn Host) -> Result<Observation, Failure> {
    let mount = Mount::answering(host)?;
    let now = host.now();
    let reading = position(&mount.port)?;
    let activity = mount.dialect().activity(&mount, &reading, now)?;
    let sidereal = angles::hours(&mount.port.ask(":GS#")?);
    let j2000 = host.convert(reading.at, Frame::Jnow, Frame::J2000, now);
    let site = mount.found.site();
    let direction = site.map(|site| host.to_horizontal(reading.at, now, site));
    let data = State {
        tracking: activity.tracking,
        slewing: activity.slewing,
        parked: activity.parked,
        pier_side: activity.pier_side,
        sidereal_time: sidereal.map(|hours| angle::rounded(hours, 5)),
        ..State::at(reading.at, j2000, direction)
    };
    Ok(Observation {
        moving: moving(&activity),
        position: Some(reading.at),
        axes: None,
        data: json(&data)?,
    })
}

pub(crate) fn position(port: &Port) -> Result<Reading, Failure> {
    let (ra, dec) = (port.ask(":GR#")?, port.ask(":GD#")?);
    reading(&ra, &dec)
}

/// Of the answers to `:GR#` and `:GD#`.
pub(crate) fn reading(ra: &[u8], dec: &[u8]) -> Result<Reading, Failure> {
    let at = Equatorial {
        ra: angles::hours(ra).ok_or_else(|| garbled(":GR#", ra))?,
        dec: angles::declination(dec).ok_or_else(|| garbled(":GD#", dec))?,
    };
    Ok(Reading {
        at,
        high: angles::is_high(ra),
    })
}

fn moving(activity: &Activity) -> Moving {
    match activity.tracking {
        _ if activity.moving => Moving::Moving,
        Some(Tracking::Off) => Moving::Still,
        _ => Moving::Tracking,
    }
}
