//! How one generation of a plugin stands: what it may use, and what all of its instances and callers share.

use std::time::Instant;

use tokio::sync::Notify;

use crate::limits::Limits;
use crate::peak::Peaks;
use crate::powers::output::Rate;
use crate::powers::printed::Printed;
use crate::quarantine::Quarantine;
use crate::usage::Figures;

/// Events that all instances of a plugin together may publish in a second.
const EVENTS: u32 = 200;

/// See the module.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) limits: Limits,
    pub(crate) figures: Figures,
    pub(crate) quarantine: Quarantine,
    pub(crate) peaks: Peaks,
    /// Of what it writes to the log, or has the host write there: instances that come and go would each have a rate of their own.
    pub(crate) log: Rate,
    /// Of failures that it answers as its own: what it prints must not crowd out the incident that a client was told.
    pub(crate) faults: Rate,
    /// Of events that it publishes.
    pub(crate) events: Rate,
    /// Hears what all of them print, beside the log.
    pub(crate) printed: Option<Printed>,
    /// Another version took its place, and its calls went on for as long as they may: those that are under way end.
    pub(crate) over: Notify,
}

impl Standing {
    pub(crate) fn new(limits: Limits) -> Standing {
        Standing {
            figures: Figures::new(),
            quarantine: Quarantine::new(&limits.quarantine),
            peaks: Peaks::default(),
            log: Rate::new(limits.log_lines),
            faults: Rate::new(limits.log_lines),
            events: Rate::new(EVENTS),
            printed: None,
            over: Notify::new(),
            limits,
        }
    }

    /// Whether the log takes one more line of which the plugin is the cause.
    pub(crate) fn may_log(&self, plugin: &str) -> bool {
        fits(&self.log, plugin)
    }

    /// Whether the log takes one more failure that the plugin answers as its own.
    pub(crate) fn may_log_fault(&self, plugin: &str) -> bool {
        fits(&self.faults, plugin)
    }
}

/// What came before and was too much is told first.
fn fits(rate: &Rate, plugin: &str) -> bool {
    let Some(dropped) = rate.take(Instant::now()) else {
        return false;
    };
    if dropped > 0 {
        tracing::warn!(
            plugin,
            dropped,
            "the plugin writes too much; lines were dropped"
        );
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_written_within_a_rate_of_their_own_however_much_a_plugin_prints() {
        let standing = Standing::new(Limits::handler());
        while standing.may_log("p") {}
        let written = (0..1_000).filter(|_| standing.may_log_fault("p")).count();
        // A second may have ended meanwhile.
        assert!((20..=40).contains(&written), "{written}");
    }
}
