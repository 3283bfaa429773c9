//! `:f` `:j` `:i`: what the motors do and where they are, and what that is in the sky.

use slewgate_sdk::mount::{State, Tracking};
use slewgate_sdk::{Failure, Frame, Host, Millis, Moving, Observation, angle, json};

use crate::motor::{Motor, SIDEREAL, Status};
use crate::mount::{Doing, Placed};
use crate::park;
use crate::port::Drive;
use crate::settings::Settings;

/// A sample is some 60 bytes both ways, 65 ms at 9600 baud: the line stays free for a stop.
pub(crate) const EVERY: Millis = 500;

/// Times the sky above which it is no guide pulse.
const PULSE: f64 = 2.0;

pub(crate) fn sample(host: &dyn Host, settings: Settings) -> Result<Observation, Failure> {
    let placed = Placed::open(host, settings)?;
    let doing = placed.doing()?;
    let axes = placed.mount.axes()?;
    let now = placed.mount.now();
    let position = placed.position(placed.german.place(axes));
    let j2000 = host.convert(position, Frame::Jnow, Frame::J2000, now);
    let direction = host.to_horizontal(position, now, placed.site);
    let data = State {
        tracking: Some(tracking(&placed, doing)),
        slewing: slews(&placed, doing)?,
        parked: Some(park::is_parked(&placed, axes)),
        pier_side: placed.german.side(axes),
        sidereal_time: Some(angle::rounded(placed.sidereal(), 5)),
        ..State::at(position, j2000, Some(direction))
    };
    Ok(Observation {
        moving: match doing.follows {
            _ if doing.moves() => Moving::Moving,
            Some(_) => Moving::Tracking,
            None => Moving::Still,
        },
        position: Some(position),
        axes: Some((axes.first, axes.second)),
        data: json(&data)?,
    })
}

/// What it is seen to follow, or will follow when it is there.
fn tracking(placed: &Placed, doing: Doing) -> Tracking {
    let ordered = placed.mount.follows().filter(|_| doing.moves());
    doing.follows.or(ordered).unwrap_or(Tracking::Off)
}

fn slews(placed: &Placed, doing: Doing) -> Result<bool, Failure> {
    if !doing.moves() {
        return Ok(false);
    }
    let first = placed.mount.motor(Drive::First);
    let second = placed.mount.motor(Drive::Second);
    Ok(is_swift(&first, doing.first)? || is_swift(&second, doing.second)?)
}

fn is_swift(motor: &Motor, status: Status) -> Result<bool, Failure> {
    if !status.running {
        return Ok(false);
    }
    if status.fast || status.goes() {
        return Ok(true);
    }
    Ok(motor.gear.slow_rate(motor.period()?) > PULSE * SIDEREAL)
}
