//! Calls of what another version took the place of go on to their end, for as long as they may.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::loader::Loader;
use super::super::report::{DrainReport, What};
use super::super::shelf::Serving;
use super::super::slot::Slot;
use super::Task;

/// What is in force: which generation of each slot.
pub(super) type InForce<T> = BTreeMap<Slot, (u64, Arc<T>)>;

/// What was in force, until no call of it is under way.
pub(super) struct Draining<T> {
    slot: Slot,
    generation: u64,
    loaded: Arc<T>,
    until: Instant,
    /// People know of it. Calls that were about to begin when it was replaced may come a little later.
    told: bool,
}

impl<L, P> Task<L, P>
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    /// What is in force changed: what is not any more drains.
    pub(super) fn drain_replaced(&mut self) {
        let now = Instant::now();
        let in_force = self.shelf.in_force();
        let before = std::mem::replace(&mut self.in_force, in_force);
        let serves = |slot: &Slot, generation: u64| {
            let serving = self.in_force.get(slot);
            serving.is_some_and(|(serving, _)| *serving == generation)
        };
        self.draining.retain(|draining| {
            let is_back = serves(&draining.slot, draining.generation);
            if is_back {
                self.shelf.drained(&draining.slot, draining.generation);
            }
            !is_back
        });
        for (slot, (generation, loaded)) in before {
            if !serves(&slot, generation) {
                let until = now + self.workshop.loader().drain(&loaded);
                self.draining.push(Draining {
                    slot,
                    generation,
                    loaded,
                    until,
                    told: false,
                });
            }
        }
    }

    pub(super) fn look_at_those_that_drain(&mut self) {
        let now = Instant::now();
        for mut draining in std::mem::take(&mut self.draining) {
            let loader = self.workshop.loader();
            let calls = loader.calls(&draining.loaded);
            if calls > 0 && now < draining.until {
                if !std::mem::replace(&mut draining.told, true) {
                    self.tell_drain(What::Draining, &draining, calls);
                }
                self.draining.push(draining);
                continue;
            }
            if calls > 0 {
                loader.end_calls(&draining.loaded);
                tracing::warn!(slot = %draining.slot, generation = draining.generation, calls,
                    "calls of a version that was replaced took too long and were ended");
            }
            if draining.told || calls > 0 {
                self.tell_drain(What::Drained, &draining, calls);
            }
            self.shelf.drained(&draining.slot, draining.generation);
            self.reports.send_replace(self.shelf.reports());
        }
    }

    fn tell_drain(&mut self, what: What, draining: &Draining<L::Loaded>, calls: usize) {
        let left = draining.until.saturating_duration_since(Instant::now());
        let report = DrainReport {
            generation: draining.generation,
            calls,
            until: self.clock.now() + millis(left),
        };
        let news = self.shelf.drains(&draining.slot, report, what);
        self.tell(news);
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
