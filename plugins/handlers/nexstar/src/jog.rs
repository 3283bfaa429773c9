//! `P` 36 and 37: a button held down. The host counts the lease, and ends the motion by its own ending.

use slewgate_sdk::mount::{Direction, Jog, JogBegun, Verb};
use slewgate_sdk::{Failure, Host, Kind, Millis, Orphan, Plan, Progress, Step, json};

use crate::follow::Mode;
use crate::motor::{Axis, Way};
use crate::mount::Mount;
use crate::{Note, port};

/// However often it is renewed.
const AT_MOST: Millis = 60_000;

pub(crate) fn jog(host: &dyn Host, params: &Jog) -> Result<String, Failure> {
    let mount = Mount::awake(host, Jog::NAME)?;
    let followed = Mode::now(&mount)?;
    let way = Way::to(&mount, params.direction)?;
    let motion = host.begin(&plan(params.direction, way.axis, followed)?)?;
    way.run(&mount.port, params.rate)?;
    json(&JogBegun {
        motion,
        lease_ms: params.lease_ms,
    })
}

/// Nothing has to be looked after.
pub(crate) fn look(followed: Mode) -> Result<Progress, Failure> {
    Ok(Progress::Again(Step {
        after: AT_MOST,
        note: Note::Jog(followed).bytes()?,
    }))
}

fn plan(direction: Direction, axis: Axis, followed: Mode) -> Result<Plan, Failure> {
    Ok(Plan {
        role: port::ROLE.into(),
        label: direction.name().into(),
        kind: Kind::Jog,
        orphan: Orphan::Stop,
        at_most: AT_MOST,
        target: None,
        ending: followed.ending(axis),
        first_look: AT_MOST,
        note: Note::Jog(followed).bytes()?,
    })
}
