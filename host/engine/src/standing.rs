//! How one generation of a plugin stands: what it may use, and what all of its instances and callers share.

use tokio::sync::Notify;

use crate::limits::Limits;
use crate::peak::Peaks;
use crate::powers::output::Rate;
use crate::powers::printed::Printed;
use crate::quarantine::Quarantine;
use crate::usage::Figures;

/// See the module.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) limits: Limits,
    pub(crate) figures: Figures,
    pub(crate) quarantine: Quarantine,
    pub(crate) peaks: Peaks,
    /// Of what it writes to the log: instances that come and go would each have a rate of their own.
    pub(crate) log: Rate,
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
            printed: None,
            over: Notify::new(),
            limits,
        }
    }
}
