//! Plans and callers that the tests vary.

#![allow(dead_code, reason = "each test binary uses its part of this module")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use slewgate_safety::limits::State;
use slewgate_safety::*;
use slewgate_serial::{Exchange, Framing, StopCount};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(crate) fn stops(count: u64) -> StopCount {
    StopCount(count)
}

pub(crate) fn halt() -> Vec<Exchange> {
    vec![Exchange {
        request: b":Q#".to_vec(),
        reply: Framing::None,
        timeout: Duration::ZERO,
    }]
}

/// A motion that its plugin looks after only when its time is over.
pub(crate) fn plan(kind: Kind, label: &str) -> Plan {
    Plan {
        role: "port".to_owned(),
        label: label.to_owned(),
        kind,
        orphan: Orphan::Complete,
        at_most: Duration::from_secs(300),
        target: None,
        ending: halt(),
        first_look: Duration::from_secs(3600),
        note: Vec::new(),
    }
}

pub(crate) fn owner(client: Session) -> Owner {
    Owner {
        token: format!("token of {client}"),
        id: client.to_string(),
        name: format!("client {client}"),
    }
}

pub(crate) fn caller(session: Session) -> Caller {
    Caller {
        session,
        owner: owner(session),
        moves: true,
        stop_count: stops(0),
        lease: None,
        sun_permitted: false,
    }
}

/// A table with these roles.
pub(crate) fn safety(roles: &[&str]) -> Safety {
    Safety::new(SafetySettings {
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        runaway: Runaway::Stop,
        limits: OfTheSite::Off,
        left_moving: false,
    })
}

/// What is seen of hardware that is no mount.
pub(crate) fn sample(state: State, taken: Instant) -> Sample {
    Sample {
        state,
        position: None,
        axes: None,
        pier_side: None,
        sidereal_time: None,
        every: ms(500),
        took: ms(20),
        taken,
        at: 0.0,
    }
}

/// The endings that are told, in order.
pub(crate) fn endings(actions: &[Action]) -> Vec<(MotionId, Cause)> {
    let told = |action: &Action| match action {
        Action::Event(event) => match &event.happening {
            Happening::Ended(cause) => Some((event.motion, cause.clone())),
            _ => None,
        },
        _ => None,
    };
    actions.iter().filter_map(told).collect()
}

pub(crate) fn advances(actions: &[Action]) -> Vec<(Occasion, Vec<u8>)> {
    let asked = |action: &Action| match action {
        Action::Advance { occasion, note, .. } => Some((*occasion, note.clone())),
        _ => None,
    };
    actions.iter().filter_map(asked).collect()
}

/// How many endings of motions and stops of lines there are.
pub(crate) fn bytes(actions: &[Action]) -> (usize, usize) {
    let sends = actions
        .iter()
        .filter(|a| matches!(a, Action::Send { .. }))
        .count();
    (
        sends,
        actions
            .iter()
            .filter(|a| matches!(a, Action::StopLine { .. }))
            .count(),
    )
}

pub(crate) fn begin(motions: &mut Motions, plan: Plan, session: Session, now: Instant) -> MotionId {
    motions
        .begin(plan, caller(session), stops(0), now)
        .unwrap()
        .0
}

pub(crate) fn refusal(
    motions: &mut Motions,
    plan: Plan,
    caller: Caller,
    current: u64,
    now: Instant,
) -> Denied {
    motions
        .begin(plan, caller, stops(current), now)
        .unwrap_err()
}
