//! `:GR#` `:GD#` `:D#` and the rest of what a mount tells of itself.

use slewgate_sdk::mount::{State, Tracking};
use slewgate_sdk::{
    Equatorial, Failure, Frame, Host, LineError, Millis, Moving, Observation, angle, json,
};

use crate::attach::Found;
use crate::drift::{self, Rest, Seen};
use crate::port::{Port, garbled};
use crate::{angles, parked, track};

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
    let found = Found::recall(host)?;
    let port = Port::open(host)?;
    let now = host.now();
    let reading = position(&port)?;
    let seen = if shows_bars(&port)? {
        drift::moving(host, &reading, now)?
    } else {
        drift::judge(host, &reading, now)?
    };
    let parked = parked::seen(host, seen)?;
    let tracking = tracking(parked, seen, track::tracking(&port)?);
    let j2000 = host.convert(reading.at, Frame::Jnow, Frame::J2000, now);
    let direction = found
        .site()
        .map(|site| host.to_horizontal(reading.at, now, site));
    let data = State {
        tracking,
        slewing: seen == Seen::Moving,
        parked,
        sidereal_time: angles::hours(&port.ask(":GS#")?).map(|hours| angle::rounded(hours, 5)),
        ..State::at(reading.at, j2000, direction)
    };
    Ok(Observation {
        moving: moving(seen, tracking),
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

/// `:D#` answers with bars while the mount slews, and with spaces or nothing when it is there.
pub(crate) fn shows_bars(port: &Port) -> Result<bool, LineError> {
    Ok(!port.ask(":D#")?.trim_ascii().is_empty())
}

/// What the mount does counts more than what it says that it would.
fn tracking(parked: Option<bool>, seen: Seen, said: Option<Tracking>) -> Option<Tracking> {
    match (parked, seen, said) {
        (Some(true), ..) | (_, Seen::Resting(Some(Rest::Standing)), _) => Some(Tracking::Off),
        (_, Seen::Resting(Some(Rest::Following)), Some(Tracking::Off)) => None,
        _ => said,
    }
}

fn moving(seen: Seen, tracking: Option<Tracking>) -> Moving {
    match (seen, tracking) {
        (Seen::Moving, _) => Moving::Moving,
        (_, Some(Tracking::Off)) => Moving::Still,
        _ => Moving::Tracking,
    }
}
