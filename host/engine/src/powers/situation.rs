//! `situation` of `policy.wit`: what a policy may know of the moment. Filled before the decision, so that a policy stays
//! pure and never waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use wasmtime::Result;

use super::Guest;
use crate::allowed::Looked;
use crate::bindings::policy::slewgate::plugin::situation::{Host, Reading};
use crate::bindings::sky::Site;
use crate::surroundings::Surroundings;
use crate::table;

/// The powers of world `permission-policy`.
pub(crate) struct PolicyPowers {
    pub(crate) surroundings: Surroundings,
    moment: Moment,
    /// The same `now` as WASI's clocks show it, in milliseconds.
    clock: Arc<AtomicU64>,
    /// Whether the decision followed from more than the question.
    looked: Looked,
}

impl PolicyPowers {
    pub(crate) fn new(
        surroundings: Surroundings,
        clock: Arc<AtomicU64>,
        looked: Looked,
    ) -> PolicyPowers {
        PolicyPowers {
            surroundings,
            moment: Moment::default(),
            clock,
            looked,
        }
    }

    /// For the decision that comes.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float's cast saturates"
    )]
    pub(crate) fn set(&mut self, moment: Moment) {
        self.clock.store(moment.now as u64, Ordering::Relaxed);
        self.moment = moment;
        self.looked.take();
    }

    /// Whether the decision that was made followed from the question alone.
    pub(crate) fn looked_at_nothing(&self) -> bool {
        !self.looked.take()
    }
}

/// The moment of one decision.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moment {
    /// Milliseconds since 1970, UTC.
    pub(crate) now: f64,
    /// Newest of the plugin that will serve the request.
    pub(crate) observed: Option<table::Reading>,
    /// Name of the client in control.
    pub(crate) in_control: Option<String>,
}

impl Host for Guest<PolicyPowers> {
    fn now(&mut self) -> Result<f64> {
        self.powers.looked.note();
        Ok(self.powers.moment.now)
    }

    fn location(&mut self) -> Result<Option<Site>> {
        Ok(self.powers.surroundings.site.map(Into::into))
    }

    fn observed(&mut self) -> Result<Option<Reading>> {
        self.powers.looked.note();
        Ok(self.powers.moment.observed.as_ref().map(|reading| Reading {
            observation: reading.observation.clone(),
            age: u32::try_from(
                Instant::now()
                    .saturating_duration_since(reading.taken)
                    .as_millis(),
            )
            .unwrap_or(u32::MAX),
        }))
    }

    fn in_control(&mut self) -> Result<Option<String>> {
        self.powers.looked.note();
        Ok(self.powers.moment.in_control.clone())
    }
}
