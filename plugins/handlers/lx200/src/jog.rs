//! `:Mn#` and its like: a button held down. The host counts the lease, and ends the motion by its own ending.

use slewgate_sdk::mount::{Direction, Jog, JogBegun, Rate};
use slewgate_sdk::{Failure, Host, Kind, Millis, Orphan, Plan, Progress, Step, json};

use crate::Note;
use crate::mount::Mount;
use crate::port::{self, HOLD};

/// However often it is renewed.
const AT_MOST: Millis = 60_000;

pub(crate) fn jog(host: &dyn Host, params: &Jog) -> Result<String, Failure> {
    let mount = Mount::awake(host)?;
    // Nobody's other rate comes between the rate and the button.
    let held = mount.port.hold(HOLD)?;
    let motion = host.begin(&plan(params.direction)?)?;
    mount.dialect().make_way(&mount, &held)?;
    held.tell(rate(params.rate))?;
    held.tell(&start(params.direction))?;
    json(&JogBegun {
        motion,
        lease_ms: params.lease_ms,
    })
}

/// Nothing has to be looked after.
pub(crate) fn look() -> Result<Progress, Failure> {
    Ok(Progress::Again(Step {
        after: AT_MOST,
        note: Note::Jog.bytes()?,
    }))
}

fn plan(direction: Direction) -> Result<Plan, Failure> {
    Ok(Plan {
        role: port::ROLE.into(),
        label: direction.name().into(),
        kind: Kind::Jog,
        orphan: Orphan::Stop,
        at_most: AT_MOST,
        target: None,
        ending: vec![port::silent(&end(direction))],
        first_look: AT_MOST,
        note: Note::Jog.bytes()?,
    })
}

fn rate(rate: Rate) -> &'static str {
    match rate {
        Rate::Guide => ":RG#",
        Rate::Center => ":RC#",
        Rate::Find => ":RM#",
        Rate::Slew => ":RS#",
    }
}

/// Moves that way until it is ended.
pub(crate) fn start(direction: Direction) -> String {
    format!(":M{}#", letter(direction))
}

/// Ends that alone.
pub(crate) fn end(direction: Direction) -> String {
    format!(":Q{}#", letter(direction))
}

pub(crate) fn letter(direction: Direction) -> char {
    match direction {
        Direction::North => 'n',
        Direction::South => 's',
        Direction::East => 'e',
        Direction::West => 'w',
    }
}
