//! What a plugin found on its lines.

use std::time::Duration;

use serde_json::json;
use slewgate_serial::{LONGEST_STOP_WAIT, MAX_REQUEST, MAX_STOP_EXCHANGES, StopSequence};
use tokio::time::timeout;

use super::desk::Desk;
use super::{ATTACH_PATIENCE, Table};
use crate::bindings::handler::exports::slewgate::plugin::handler as contract;
use crate::bounds::{MAX_WORD, cut};
use crate::command::MAX_COMMANDS;

/// Whether the plugin knows its hardware.
#[derive(Clone, Debug, PartialEq)]
pub enum Attached {
    /// `attach` was not called yet.
    NotYet,
    /// There is no plugin that could be asked.
    Unloaded,
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
    /// Such as `OnStepX 10.24`. At most 200 characters.
    pub model: String,
    /// Commands that this hardware lacks.
    pub lacks: Vec<String>,
    /// Role -> how the host stops everything on that line.
    pub stops: Vec<(String, StopSequence)>,
}

/// Why a stop sequence cannot be relied on. A line has to be stopped within seconds, whatever its hardware does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnfitStop {
    #[error("the stop of role `{role}` has {count} exchanges; at most {MAX_STOP_EXCHANGES}")]
    Long { role: String, count: usize },
    #[error("the stop of role `{role}` has a request of {bytes} bytes; at most {MAX_REQUEST}")]
    Request { role: String, bytes: usize },
    #[error("the stop of role `{role}` waits for {wait:?}; at most {LONGEST_STOP_WAIT:?}")]
    Slow { role: String, wait: Duration },
}

impl Attachment {
    pub(crate) fn of_guest(found: contract::Attachment) -> Result<Attachment, UnfitStop> {
        let stops = found.stops.into_iter().map(|stop| {
            let sequence = StopSequence {
                exchanges: stop.exchanges.into_iter().map(Into::into).collect(),
                patience: Duration::from_millis(u64::from(stop.patience)),
            };
            judge(&stop.role, &sequence).map(|()| (stop.role, sequence))
        });
        let lacks = found.lacks.iter().take(MAX_COMMANDS);
        Ok(Attachment {
            // The hardware is there, however much it has to say of itself.
            model: cut(&found.model, MAX_WORD),
            lacks: lacks.map(|lacks| cut(lacks, MAX_WORD)).collect(),
            stops: stops.collect::<Result<_, _>>()?,
        })
    }
}

fn judge(role: &str, stop: &StopSequence) -> Result<(), UnfitStop> {
    let role = role.to_owned();
    let count = stop.exchanges.len();
    if count > MAX_STOP_EXCHANGES {
        return Err(UnfitStop::Long { role, count });
    }
    let lengths = stop.exchanges.iter().map(|exchange| exchange.request.len());
    if let Some(bytes) = lengths.max().filter(|bytes| *bytes > MAX_REQUEST) {
        return Err(UnfitStop::Request { role, bytes });
    }
    let replies = stop.exchanges.iter().map(|exchange| exchange.timeout);
    match replies.chain([stop.patience]).max() {
        Some(wait) if wait > LONGEST_STOP_WAIT => Err(UnfitStop::Slow { role, wait }),
        _ => Ok(()),
    }
}

impl Table {
    /// The hardware is to be told where it stands and what time it is, where the settings want that.
    pub(super) fn owe_the_time(&self) {
        self.desk().clock_is_due = self.set_clock;
        self.moved.notify_one();
    }

    /// Tells it what it is owed, once nothing moves: a handler may be replaced in the middle of a goto, and a mount that is told
    /// another time or place on its way would go elsewhere.
    pub(super) fn tell_the_time(&self, desk: &mut Desk) {
        if !desk.clock_is_due || desk.safety.is_restless() {
            return;
        }
        desk.clock_is_due = false;
        let Some(site) = self.surroundings().site else {
            return;
        };
        let place = json!({
            "latitude": site.latitude, "longitude": half_circle(site.longitude), "elevation": site.elevation,
        });
        self.order_for(desk, "set_site", &place);
        self.order_for(desk, "set_time", &json!({}));
    }

    /// Looks at what was found once `attach` was tried, and waits for that a while: a request that comes right after the start, or after
    /// its plugin was loaded, is not refused for it.
    pub(crate) async fn once_attached<T>(&self, look: impl Fn(&Attached) -> T) -> T {
        let tried =
            |attached: &Attached| !matches!(attached, Attached::NotYet | Attached::Unloaded);
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

#[cfg(test)]
mod tests {
    use slewgate_serial::{Exchange, Framing};

    use super::*;

    fn stop(count: usize, bytes: usize, patience: Duration) -> StopSequence {
        let exchange = Exchange {
            request: vec![b'Q'; bytes],
            reply: Framing::None,
            timeout: Duration::ZERO,
        };
        StopSequence {
            exchanges: vec![exchange; count],
            patience,
        }
    }

    #[test]
    fn what_is_found_has_a_name_of_a_length_that_others_can_be_told() {
        let found = contract::Attachment {
            model: "m".repeat(900_000),
            lacks: vec!["l".repeat(900_000); 1_000],
            stops: Vec::new(),
        };
        let found = Attachment::of_guest(found).unwrap();
        assert_eq!(found.model, "m".repeat(199) + "…");
        assert_eq!(found.lacks.len(), MAX_COMMANDS);
        assert!(found.lacks.iter().all(|lacks| lacks.chars().count() == 200));
    }

    #[test]
    fn a_stop_that_is_too_long_or_too_patient_is_refused_with_its_role_and_bound() {
        let patient = Duration::from_secs(5);
        assert!(judge("mount", &stop(8, 256, patient)).is_ok());
        for (unfit, why) in [
            (stop(9, 3, patient), "has 9 exchanges; at most 8"),
            (
                stop(1, 257, patient),
                "has a request of 257 bytes; at most 256",
            ),
            (stop(1, 3, patient * 2), "waits for 10s; at most 5s"),
        ] {
            let told = judge("mount", &unfit).unwrap_err().to_string();
            assert_eq!(told, format!("the stop of role `mount` {why}"));
        }
    }
}
