//! `motion.wit`: motion belongs to the host.

use std::time::Duration;

use slewgate_safety::{Denied, Kind, Orphan};
use wasmtime::Result;

use super::{Guest, HandlerPowers};
use crate::bindings::motion::{self, ErrorCode, Host, Plan};
use crate::table::NotBegun;

impl Host for Guest<HandlerPowers> {
    async fn begin(&mut self, plan: Plan) -> Result<Result<u32, ErrorCode>> {
        let table = &self.powers.table;
        let Some(duty) = &self.powers.duty else {
            return Ok(Err(ErrorCode::NotGranted));
        };
        let begun = table.begin(plan.into(), duty);
        if let Err(NotBegun::Denied(denied)) = &begun {
            duty.deeds.note_denied(denied);
        }
        Ok(begun.map_err(|not_begun| match not_begun {
            NotBegun::NoSuchRole => ErrorCode::NotGranted,
            NotBegun::Denied(Denied::NotAMove) => ErrorCode::NotAMove,
            NotBegun::Denied(Denied::ControlledBy(holder)) => ErrorCode::ControlledBy(holder.name),
            NotBegun::Denied(Denied::Limit(limit)) => ErrorCode::Limit(limit),
            NotBegun::Denied(Denied::Beyond(breach)) => ErrorCode::Limit(breach.to_string()),
            NotBegun::Denied(Denied::Stopped) => ErrorCode::Stopped,
        }))
    }
}

impl From<Plan> for slewgate_safety::Plan {
    fn from(plan: Plan) -> Self {
        let millis = |millis: u32| Duration::from_millis(u64::from(millis));
        slewgate_safety::Plan {
            role: plan.role,
            label: plan.label,
            kind: match plan.kind {
                motion::Kind::Jog => Kind::Jog,
                motion::Kind::Pulse => Kind::Pulse,
                motion::Kind::Slew => Kind::Slew,
            },
            orphan: match plan.orphan {
                motion::Orphan::Stop => Orphan::Stop,
                motion::Orphan::Complete => Orphan::Complete,
            },
            at_most: millis(plan.at_most),
            target: plan.target.map(Into::into),
            ending: plan.ending.into_iter().map(Into::into).collect(),
            first_look: millis(plan.first_look),
            note: plan.note,
        }
    }
}
