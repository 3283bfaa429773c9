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

/// What one session jogs: the newest order for each direction.
#[derive(Debug, Default)]
pub(crate) struct Jogs(Mutex<Vec<Jog>>);

#[derive(Debug, PartialEq)]
struct Jog {
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
        let jog = Jog::of(call, plugins.current().number())?;
        let lease = match call.params.get(LEASE) {
            None => None,
            Some(lease) => Some(Duration::from_millis(lease.as_u64()?)),
        };
        let table = plugins.tables().get(&jog.table)?;
        let direction = jog.direction.clone();
        if !self.is_repeated(jog) {
            return None;
        }
        let (motion, lease) = table.renew(session, &direction, lease)?;
        let reply =
            json!({ "motion": motion.0, "lease_ms": u64::try_from(lease.as_millis()).ok()? });
        to_raw_value(&reply).ok()
    }

    /// Whether this order was the newest for its direction; it is now.
    fn is_repeated(&self, jog: Jog) -> bool {
        let mut jogs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = jogs
            .iter()
            .position(|known| (&known.table, &known.direction) == (&jog.table, &jog.direction));
        let repeated = known.is_some_and(|known| jogs.get(known) == Some(&jog));
        if !repeated {
            if let Some(known) = known {
                jogs.remove(known);
            } else if jogs.len() == MAX_JOGS {
                jogs.remove(0);
            }
            jogs.push(jog);
        }
        repeated
    }
}

impl Jog {
    fn of(call: &Call, snapshot: u64) -> Option<Jog> {
        let (table, verb) = call.method.split_once('.')?;
        let direction = call.params.get(DIRECTION)?.as_str()?.to_owned();
        let mut order = call.params.clone();
        order.remove(LEASE);
        (verb == JOG).then(|| Jog {
            table: table.to_owned(),
            direction,
            order,
            snapshot,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jog(direction: &str, rate: &str) -> Jog {
        let params = json!({ "direction": direction, "rate": rate, "lease_ms": 500 });
        let Value::Object(params) = params else {
            unreachable!()
        };
        let call = Call {
            id: None,
            method: "mount.jog".into(),
            params,
        };
        Jog::of(&call, 1).unwrap()
    }

    #[test]
    fn after_a_swap_an_order_is_new_so_that_the_policy_is_asked() {
        let jogs = Jogs::default();
        jogs.is_repeated(jog("north", "find"));
        let swapped = Jog {
            snapshot: 2,
            ..jog("north", "find")
        };
        assert!(!jogs.is_repeated(swapped));
    }

    #[test]
    fn only_the_same_order_is_a_repetition() {
        let jogs = Jogs::default();
        assert!(!jogs.is_repeated(jog("north", "find")));
        assert!(jogs.is_repeated(jog("north", "find")));
        assert!(!jogs.is_repeated(jog("east", "find")), "another direction");
        assert!(!jogs.is_repeated(jog("north", "slew")), "another rate");
        assert!(
            !jogs.is_repeated(jog("north", "find")),
            "the first rate again"
        );
        assert!(jogs.is_repeated(jog("east", "find")));
    }
}
