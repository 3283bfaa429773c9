//! A button held down. The host counts the lease, and ends the motion by its own ending; what was followed is followed again then.

use slewgate_sdk::mount::{Direction, Jog, JogBegun, PierSide, Rate};
use slewgate_sdk::{Failure, Host, Kind, Millis, Orphan, Plan, Progress, json};

use crate::Note;
use crate::geometry::German;
use crate::motor::SIDEREAL;
use crate::mount::Placed;
use crate::port::{self, Drive};
use crate::settings::Settings;
use crate::{track, way};

/// However often it is renewed.
const AT_MOST: Millis = 60_000;

pub(crate) fn jog(host: &dyn Host, settings: Settings, params: &Jog) -> Result<String, Failure> {
    let placed = Placed::awake(host, settings)?;
    let (drive, sign) = turn(&placed, params.direction)?;
    let followed = placed.mount.follows().filter(|_| drive == Drive::First);
    let sky = placed.german.sense() * followed.map_or(0.0, track::rate);
    let placed = placed.held()?;
    let motion = host.begin(&plan(params.direction, drive)?)?;
    let motor = placed.mount.motor(drive);
    motor.run(sign * speed(params.rate) + sky)?;
    json(&JogBegun {
        motion,
        lease_ms: params.lease_ms,
    })
}

/// Nothing has to be looked after.
pub(crate) fn look() -> Result<Progress, Failure> {
    way::again(&Note::Jog, AT_MOST)
}

fn plan(direction: Direction, drive: Drive) -> Result<Plan, Failure> {
    Ok(Plan {
        role: port::ROLE.into(),
        label: direction.name().into(),
        kind: Kind::Jog,
        orphan: Orphan::Stop,
        at_most: AT_MOST,
        target: None,
        ending: vec![port::ending('K', drive, "")],
        first_look: AT_MOST,
        note: Note::Jog.bytes()?,
    })
}

/// Degrees a second, beside the sky.
fn speed(rate: Rate) -> f64 {
    let times = match rate {
        // At 1 a jog to the east would stand still, as if nothing had been asked.
        Rate::Guide => 0.5,
        Rate::Center => 16.0,
        Rate::Find => 64.0,
        Rate::Slew => 800.0,
    };
    times * SIDEREAL
}

/// The axis that a direction is on, and the way round that it is there.
pub(crate) fn turn(placed: &Placed, direction: Direction) -> Result<(Drive, f64), Failure> {
    let first = matches!(direction, Direction::East | Direction::West);
    let sign = if first {
        around(placed.german, direction)
    } else {
        across(placed.german.side(placed.mount.axes()?), direction)
    };
    let drive = if first { Drive::First } else { Drive::Second };
    Ok((drive, sign))
}

/// To the west is with the sky.
fn around(german: German, direction: Direction) -> f64 {
    match direction {
        Direction::West => german.sense(),
        _ => -german.sense(),
    }
}

/// East of the pier, forward leads from the north to the south, in either hemisphere; west of it, back. At the pole every way leads
/// from it.
fn across(side: Option<PierSide>, direction: Direction) -> f64 {
    let north = match side {
        Some(PierSide::West) => 1.0,
        _ => -1.0,
    };
    match direction {
        Direction::South => -north,
        _ => north,
    }
}
