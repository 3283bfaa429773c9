//! `:SNXXXX#` `:FG#`: to a position on the travel.

use serde::{Deserialize, Serialize};
use slewgate_sdk::mount::{Begun, Verb};
use slewgate_sdk::{Effect, Failure, Host, Kind, Millis, Orphan, Plan, Progress, Step, json};

use crate::attach::HALT;
use crate::port::{self, HeldPort, Talk};
use crate::settings::Settings;
use crate::{compensation, focuser, steps};

/// Params of `move_to`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveTo {
    /// Steps from the inner end.
    position: u16,
}

/// Params of `move_by`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveBy {
    /// Outwards, or inwards below 0.
    steps: i32,
}

const BEGUN: &str = r#"{"type":"object","required":["motion"],"properties":{
"motion":{"type":"integer","minimum":0,"description":"number of the motion in the events of this plugin's topic motion"}}}"#;

impl Verb for MoveTo {
    const NAME: &'static str = "move_to";
    const SUMMARY: &'static str = "Move to a position, in steps from the inner end.";
    const EFFECT: Effect = Effect::Move;
    const PARAMS: &'static str = r#"{"type":"object","required":["position"],"additionalProperties":false,"properties":{
"position":{"type":"integer","minimum":0,"maximum":65535,"description":"steps from the inner end; the settings may allow less"}}}"#;
    const RESULT: &'static str = BEGUN;
    const EXAMPLE: &'static str = r#"{"position":30000}"#;
}

impl Verb for MoveBy {
    const NAME: &'static str = "move_by";
    const SUMMARY: &'static str =
        "Move by so many steps from where it stands, outwards or, below 0, inwards.";
    const EFFECT: Effect = Effect::Move;
    const PARAMS: &'static str = r#"{"type":"object","required":["steps"],"additionalProperties":false,"properties":{
"steps":{"type":"integer","minimum":-65535,"maximum":65535,"description":"outwards; below 0 inwards"}}}"#;
    const RESULT: &'static str = BEGUN;
    const EXAMPLE: &'static str = r#"{"steps":-250}"#;
}

/// A move on its way, for `advance`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Travel {
    target: u16,
    /// Where it was at the last look.
    #[serde(default)]
    seen: Option<u16>,
    /// How many looks in a row saw it there, moving or not.
    #[serde(default)]
    idle: u8,
}

/// The slowest speed that there is, in steps a second: some focusers take none that they are told.
const SLOWEST: u32 = 16;
/// For setting out, and for the ramps of those that have some.
const BESIDE: Millis = 30_000;
const LOOK_EVERY: Millis = 300;

/// A focuser takes a moment to set out; where it does not move for so many looks, it does not.
const IDLE_LOOKS: u8 = 10;

pub(crate) fn move_to(
    host: &dyn Host,
    settings: &Settings,
    params: &MoveTo,
) -> Result<String, Failure> {
    let target = settings.within(params.position.into())?;
    let held = focuser::open(host)?.hold()?;
    steps::must_fit_the_travel(host, settings, &held)?;
    let from = focuser::position(&held)?;
    set_out(host, &held, from, target)
}

pub(crate) fn move_by(
    host: &dyn Host,
    settings: &Settings,
    params: &MoveBy,
) -> Result<String, Failure> {
    let held = focuser::open(host)?.hold()?;
    steps::must_fit_the_travel(host, settings, &held)?;
    let from = focuser::position(&held)?;
    let target = settings.within(i64::from(from) + i64::from(params.steps))?;
    set_out(host, &held, from, target)
}

/// Neither order is answered, so the target is read back before the motor is let go.
fn set_out(host: &dyn Host, held: &HeldPort, from: u16, target: u16) -> Result<String, Failure> {
    let motion = host.begin(&plan(from, target)?)?;
    held.tell(&format!(":SN{target:04X}#"))?;
    let taken = focuser::target(held)?;
    if taken != target {
        return Err(Failure::Hardware(format!(
            "the focuser took {taken} for its target, not {target}, and was not sent there"
        )));
    }
    held.tell(":FG#")?;
    json(&Begun { motion })
}

fn plan(from: u16, target: u16) -> Result<Plan, Failure> {
    let way = u32::from(from.abs_diff(target));
    Ok(Plan {
        role: port::ROLE.into(),
        label: "move".into(),
        kind: Kind::Slew,
        orphan: Orphan::Complete,
        at_most: BESIDE + way * 1000 / SLOWEST,
        target: None,
        ending: vec![port::silent(HALT)],
        first_look: LOOK_EVERY,
        note: Travel {
            target,
            seen: None,
            idle: 0,
        }
        .note()?,
    })
}

impl Travel {
    pub(crate) fn look(self, host: &dyn Host) -> Result<Progress, Failure> {
        let port = focuser::open(host)?;
        let moves = focuser::moves(&port)?;
        let position = focuser::position(&port)?;
        let idle = match self.seen == Some(position) {
            true => self.idle.saturating_add(1),
            false => 0,
        };
        let off = position.abs_diff(self.target);
        if !moves && off <= compensation::reach(host, &port)? {
            return Ok(Progress::Done);
        }
        if idle < IDLE_LOOKS {
            let seen = Some(position);
            return Self { seen, idle, ..self }.again();
        }
        if moves {
            port.tell(HALT)?;
        }
        Ok(Progress::Failed(self.failure(position, moves)))
    }

    fn failure(&self, position: u16, moves: bool) -> String {
        let target = self.target;
        match moves {
            true => format!(
                "the focuser says that it moves and stays at {position}, on its way to {target}; it was stopped"
            ),
            false => format!("the focuser stands at {position}, and was sent to {target}"),
        }
    }

    fn again(self) -> Result<Progress, Failure> {
        Ok(Progress::Again(Step {
            after: LOOK_EVERY,
            note: self.note()?,
        }))
    }

    fn note(&self) -> Result<Vec<u8>, Failure> {
        json(self).map(String::into_bytes)
    }
}
