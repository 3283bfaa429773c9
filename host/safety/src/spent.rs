//! Jogs that had their whole time and whose client goes on asking for them.
//!
//! A key that hangs repeats its jog for ever. Without this, the end after [`MAX_JOG`] would only be the
//! beginning of the next jog; so the client has to let go, for the length of its lease, before another begins.

use std::time::{Duration, Instant};

use crate::motion::MAX_JOG;
use crate::motions::MAX_MOTIONS;
use crate::plan::{Caller, Denied, Plan, Session, lease};

/// At most [`MAX_MOTIONS`] of them; the oldest gives way.
#[derive(Debug, Default)]
pub(crate) struct Spent(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    session: Session,
    role: String,
    label: String,
    until: Instant,
}

impl Spent {
    /// A jog with this lease came to the end of what a jog may take.
    pub(crate) fn add(&mut self, session: Session, plan: &Plan, lease: Duration, now: Instant) {
        self.0
            .retain(|entry| now < entry.until && !entry.is(session, plan));
        if self.0.len() >= MAX_MOTIONS {
            self.0.remove(0);
        }
        let (role, label) = (plan.role.clone(), plan.label.clone());
        self.0.push(Entry {
            session,
            role,
            label,
            until: now + lease,
        });
    }

    /// Refuses a jog whose client has not let go yet, and starts the wait anew.
    pub(crate) fn check(
        &mut self,
        plan: &Plan,
        caller: &Caller,
        now: Instant,
    ) -> Result<(), Denied> {
        match self
            .0
            .iter_mut()
            .find(|entry| now < entry.until && entry.is(caller.session, plan))
        {
            Some(entry) => {
                entry.until = now + lease(caller.lease);
                Err(Denied::Limit(format!(
                    "a jog lasts {} s at most; let go of `{}` before it begins again",
                    MAX_JOG.as_secs(),
                    plan.label
                )))
            }
            None => Ok(()),
        }
    }
}

impl Entry {
    fn is(&self, session: Session, plan: &Plan) -> bool {
        self.session == session && self.role == plan.role && self.label == plan.label
    }
}
