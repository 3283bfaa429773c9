//! What concerns people beyond those who listen to one table: who is in control, and alarms.

use std::sync::{Arc, PoisonError};

use slewgate_rpc::Refusal;
use slewgate_safety::{Alarm, AlarmKind, Cause, ControlEvent, MotionEvent};
use tokio::sync::broadcast;

use super::Table;

/// News of one table, for the log of the host and for those who listen to all tables.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The table's name.
    pub table: String,
    /// When, by the host's clock, in milliseconds since 1970, UTC.
    pub at: f64,
    /// What happened.
    pub happened: Happened,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Happened {
    /// Control changed hands.
    Control(ControlEvent),
    /// People should look.
    Alarm(Alarm),
    /// The host stopped what moved, unasked.
    Stopped(HostStop),
}

/// A stop by the host.
#[derive(Clone, Debug)]
pub struct HostStop {
    /// Whose motion it was, where it was that of one client.
    pub client: Option<String>,
    /// What stands since: a line in its role, or a motion by its label.
    pub what: String,
    /// Why.
    pub why: String,
}

impl HostStop {
    /// Of one motion, by its own ending.
    pub(super) fn of(event: &MotionEvent, cause: &Cause) -> HostStop {
        HostStop {
            client: Some(event.client.clone()),
            what: event.label.clone(),
            why: cause.to_string(),
        }
    }
}

/// Where the notices of all tables go.
pub(crate) type Notices = broadcast::Sender<Arc<Notice>>;

impl Table {
    /// The newest alarm.
    #[must_use]
    pub fn alarm(&self) -> Option<Arc<Notice>> {
        self.alarm
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The plugin did not do what the host ordered.
    pub(super) fn could_not_order(&self, verb: &str, refusal: &Refusal) {
        let why = match refusal.cause.is_empty() {
            true => &refusal.sentence,
            false => &refusal.cause,
        };
        let what = format!("the host could not order `{verb}`: {why}");
        self.notice(Happened::Alarm(Alarm {
            kind: AlarmKind::Disobeyed,
            what,
        }));
    }

    /// Tells it.
    pub(super) fn notice(&self, happened: Happened) {
        let notice = Arc::new(Notice {
            table: self.name.clone(),
            at: self.surroundings.clock.now(),
            happened,
        });
        match &notice.happened {
            Happened::Alarm(alarm) => {
                tracing::error!(
                    plugin = self.name,
                    alarm = alarm.kind.as_str(),
                    "{}",
                    alarm.what
                );
                *self.alarm.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Arc::clone(&notice));
            }
            Happened::Control(event) => {
                let holder = event.holder.as_ref().map(|holder| &holder.name);
                tracing::info!(
                    plugin = self.name,
                    change = event.change.as_str(),
                    ?holder,
                    "control"
                );
            }
            // Who stops a motion tells it with its line and its number.
            Happened::Stopped(_) => {}
        }
        // Nobody listens: nobody wants to know.
        let _ = self.notices.send(notice);
    }
}
