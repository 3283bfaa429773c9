//! What a table decides by, under one lock, and what waits for its plugin.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use slewgate_safety::{MotionId, Occasion, Plan, Safety};
use slewgate_serial::{Exchange, StopSequence, Warrant};

use super::StopCounts;

/// State that changes together.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(super) safety: Safety,
    /// Warrants of the calls that began the motions which go on.
    pub(super) warrants: BTreeMap<MotionId, Warrant>,
    /// Role -> what stops its line: the plugin's last word, kept after it is gone, else the configuration's.
    pub(super) stops: BTreeMap<String, StopSequence>,
    /// Roles whose plugin attached and said of no stop: nothing of it has to be stopped.
    pub(super) stopless: BTreeSet<String>,
    /// Who sent the newest stop, for those who are refused because of it.
    pub(super) stopped_by: Option<String>,
    /// Stops of one label alone, counted together; and the newest of each label.
    pub(super) label_stops: u64,
    pub(super) stopped_labels: VecDeque<(String, u64)>,
    /// The hardware was found, and is to be told the place and the time once nothing moves.
    pub(super) clock_is_due: bool,
    /// Its plugin is quarantined: nobody would look after what begins to move.
    pub(super) unattended: bool,
}

/// Labels whose newest stop is remembered. A request waits for seconds at most, and in them nobody stops more.
const MAX_STOPPED_LABELS: usize = 64;

/// A call of `advance` that is due.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) motion: MotionId,
    pub(crate) occasion: Occasion,
    pub(crate) note: Vec<u8>,
    pub(crate) counts: StopCounts,
}

/// A command that the host itself gives.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) verb: &'static str,
    /// As JSON.
    pub(crate) params: String,
    pub(crate) counts: StopCounts,
}

/// What waits for the plugin.
#[derive(Debug)]
pub(crate) enum Chore {
    Look(Look),
    Order(Order),
}

impl Desk {
    pub(crate) fn new(safety: Safety, stops: BTreeMap<String, StopSequence>) -> Desk {
        Desk {
            safety,
            warrants: BTreeMap::new(),
            stops,
            stopless: BTreeSet::new(),
            stopped_by: None,
            label_stops: 0,
            stopped_labels: VecDeque::new(),
            clock_is_due: false,
            unattended: false,
        }
    }

    /// Whether it was told to stand, was not seen to, and is told again.
    pub(super) fn is_unsettled(&self) -> bool {
        self.safety.is_unsettled()
    }

    pub(crate) fn label_stops(&self) -> u64 {
        self.label_stops
    }

    /// Whether something moves on the line of a role.
    pub(super) fn moves(&self, role: &str) -> bool {
        let active = self.safety.active();
        active.iter().any(|motion| motion.role == role)
    }

    /// What ends all that moves on the line of a role, where nothing is known that stops the line: the endings of the motions.
    pub(super) fn endings(&self, role: &str) -> Vec<Exchange> {
        self.safety.endings(role)
    }

    /// Whether anything is known that ends such a motion on the wire.
    pub(super) fn can_end(&self, plan: &Plan) -> bool {
        let by_its_ending = plan.ending.iter().any(|step| !step.request.is_empty());
        by_its_ending || self.stops.contains_key(&plan.role)
    }

    /// A motion of this label that was asked for before must not begin after.
    pub(super) fn note_label_stop(&mut self, label: &str) {
        self.label_stops += 1;
        self.stopped_labels.retain(|(known, _)| known != label);
        if self.stopped_labels.len() == MAX_STOPPED_LABELS {
            self.stopped_labels.pop_front();
        }
        self.stopped_labels.push_back((
            label.chars().take(slewgate_safety::MAX_LABEL).collect(),
            self.label_stops,
        ));
    }

    pub(super) fn label_stopped_since(&self, label: &str, count: u64) -> bool {
        self.stopped_labels
            .iter()
            .any(|(stopped, at)| stopped == label && *at > count)
    }
}
