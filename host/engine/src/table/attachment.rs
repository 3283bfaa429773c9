//! What a plugin found on its lines.

use std::time::Duration;

use serde_json::json;
use slewgate_serial::StopSequence;
use tokio::time::timeout;

use super::{ATTACH_PATIENCE, Table};
use crate::bindings::handler::exports::slewgate::plugin::handler as contract;

/// Whether the plugin knows its hardware.
#[derive(Clone, Debug, PartialEq)]
pub enum Attached {
    /// `attach` was not called yet.
    NotYet,
    /// It failed: why. It is tried again.
    Failed(String),
    /// It did, and since then the hardware fell silent behind its line. It is tried again.
    Silent,
    /// It did.
    To(Attachment),
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    /// Such as `OnStepX 10.24`.
    pub model: String,
    /// Commands that this hardware lacks.
    pub lacks: Vec<String>,
    /// Role -> how the host stops everything on that line.
    pub stops: Vec<(String, StopSequence)>,
}

impl From<contract::Attachment> for Attachment {
    fn from(found: contract::Attachment) -> Self {
        let stops = found.stops.into_iter().map(|stop| {
            let sequence = StopSequence {
                exchanges: stop.exchanges.into_iter().map(Into::into).collect(),
                patience: Duration::from_millis(u64::from(stop.patience)),
            };
            (stop.role, sequence)
        });
        Attachment {
            model: found.model,
            lacks: found.lacks,
            stops: stops.collect(),
        }
    }
}

impl Table {
    /// Tells the hardware where it stands and what time it is, where the settings want that.
    pub(super) fn tell_the_time(&self) {
        let Some(site) = self.surroundings().site.filter(|_| self.set_clock) else {
            return;
        };
        let place = json!({
            "latitude": site.latitude, "longitude": half_circle(site.longitude), "elevation": site.elevation,
        });
        let desk = self.desk();
        self.order_for(&desk, "set_site", &place);
        self.order_for(&desk, "set_time", &json!({}));
    }

    /// Looks at what was found once `attach` was tried, and waits for that a while: a request that comes right after the start is
    /// not refused for it.
    pub(crate) async fn once_attached<T>(&self, look: impl Fn(&Attached) -> T) -> T {
        let tried = |attached: &Attached| *attached != Attached::NotYet;
        {
            let now = self.attached.borrow();
            if tried(&now) {
                return look(&now);
            }
        }
        let mut attached = self.attached.subscribe();
        let trial = Box::pin(timeout(ATTACH_PATIENCE, attached.wait_for(tried)));
        match trial.await {
            Ok(Ok(attached)) => look(&attached),
            _ => look(&Attached::NotYet),
        }
    }
}

/// A longitude as commands take it: -180 to 180 degrees.
fn half_circle(longitude: f64) -> f64 {
    if longitude > 180.0 {
        longitude - 360.0
    } else {
        longitude
    }
}
