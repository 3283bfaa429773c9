//! Repeated jogs: a client holds a button down by sending the same jog again, and that is no new order. It passes no limit,
//! plugin or line, so that nothing but the client's own silence ends its motion.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use slewgate_engine::Plugins;
use slewgate_rpc::Call;
use slewgate_safety::Session;

/// The verb, and the params that the host knows.
const JOG: &str = "jog";
const DIRECTION: &str = "direction";
const LEASE: &str = "lease_ms";

/// Jogs of one session that are remembered: both axes of a few mounts.
const MAX_JOGS: usize = 8;

/// What one session jogs: for each direction the order that was carried out last.
#[derive(Debug, Default)]
pub(crate) struct Jogs(Mutex<Vec<Jog>>);

/// An order to jog.
#[derive(Debug, PartialEq)]
pub(crate) struct Jog {
    table: String,
    direction: String,
    /// All params but the lease.
    order: Map<String, Value>,
    /// The plugins that it was sent to: after a swap the policy is asked again.
    snapshot: u64,
}

impl Jogs {
    /// The reply to a jog that goes on; none for what is no jog, or a new one.
    pub(crate) fn renew(
        &self,
        plugins: &Plugins,
        session: Session,
        call: &Call,
    ) -> Option<Box<RawValue>> {
        let jog = Jog::of(&call.method, &call.params, plugins)?;
        let lease = match call.params.get(LEASE) {
            None => None,
            Some(lease) => Some(Duration::from_millis(lease.as_u64()?)),
        };
        let table = plugins.tables().get(&jog.table)?;
        let direction = jog.direction.clone();
        if !self.is_repeated(&jog) {
            return None;
        }
        let (motion, lease) = table.renew(session, &direction, lease)?;
        let reply =
            json!({ "motion": motion.0, "lease_ms": u64::try_from(lease.as_millis()).ok()? });
        to_raw_value(&reply).ok()
    }

    /// An order that was carried out: from here on its repetition is no new one.
    pub(crate) fn carried_out(&self, jog: Jog) {
        let mut jogs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jogs.retain(|known| !known.is_about(&jog));
        if jogs.len() == MAX_JOGS {
            jogs.remove(0);
        }
        jogs.push(jog);
    }

    /// Whether this is the order that was carried out last for its direction. Another one ends that: until it is carried out
    /// itself, nothing is renewed.
    fn is_repeated(&self, jog: &Jog) -> bool {
        let mut jogs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let repeated = jogs.contains(jog);
        if !repeated {
            jogs.retain(|known| !known.is_about(jog));
        }
        repeated
    }
}

impl Jog {
    /// The order that a call is, if it is one.
    pub(crate) fn of(method: &str, params: &Map<String, Value>, plugins: &Plugins) -> Option<Jog> {
        let (table, JOG) = method.split_once('.')? else {
            return None;
        };
        Jog::new(table, params, plugins.current().number())
    }

    fn new(table: &str, params: &Map<String, Value>, snapshot: u64) -> Option<Jog> {
        let direction = params.get(DIRECTION)?.as_str()?.to_owned();
        let mut order = params.clone();
        order.remove(LEASE);
        Some(Jog {
            table: table.to_owned(),
            direction,
            order,
            snapshot,
        })
    }
}

impl Jog {
    fn is_about(&self, other: &Jog) -> bool {
        (&self.table, &self.direction) == (&other.table, &other.direction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jog(direction: &str, rate: &str, snapshot: u64) -> Jog {
        let params = json!({ "direction": direction, "rate": rate, "lease_ms": 500 });
        let params = params.as_object().cloned().unwrap();
        Jog::new("mount", &params, snapshot).unwrap()
    }

    #[test]
    fn only_what_was_carried_out_is_repeated() {
        let jogs = Jogs::default();
        assert!(!jogs.is_repeated(&jog("north", "find", 1)));
        assert!(
            !jogs.is_repeated(&jog("north", "find", 1)),
            "it was refused"
        );
        jogs.carried_out(jog("north", "find", 1));
        assert!(jogs.is_repeated(&jog("north", "find", 1)));
        assert!(
            !jogs.is_repeated(&jog("east", "find", 1)),
            "another direction"
        );
        assert!(jogs.is_repeated(&jog("north", "find", 1)));
        assert!(!jogs.is_repeated(&jog("north", "slew", 1)), "another rate");
        assert!(
            !jogs.is_repeated(&jog("north", "find", 1)),
            "the first rate again"
        );
    }

    #[test]
    fn after_a_swap_an_order_is_new_however_often_so_that_the_policy_is_asked() {
        let jogs = Jogs::default();
        jogs.carried_out(jog("north", "find", 1));
        assert!(!jogs.is_repeated(&jog("north", "find", 2)));
        assert!(!jogs.is_repeated(&jog("north", "find", 2)));
    }
}
