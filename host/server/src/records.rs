//! What is put on record of requests: in the program's log, and in the security log what concerns security.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use slewgate_rpc::{Code, Refusal};
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};

use crate::pipeline::Outcome;
use crate::sessions::Session;

/// Stops of one session are on record at most this often; those between are counted.
const STOP_RECORD: Duration = Duration::from_secs(1);

/// When the last of a kind was told, and how many were not told since.
#[derive(Default)]
pub(crate) struct Repeats {
    told: Option<Instant>,
    untold: u64,
    /// The method of the newest that was not told.
    newest: String,
    /// Nobody comes after to tell of what was not told.
    ended: bool,
}

impl Repeats {
    /// How many to tell of now; none: not yet.
    fn next(&mut self, method: &str, now: Instant) -> Option<u64> {
        self.untold += 1;
        let soon = |told: Instant| now.saturating_duration_since(told) < STOP_RECORD;
        if !self.ended && self.told.is_some_and(soon) {
            method.clone_into(&mut self.newest);
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

/// The one place where the outcome of a request is recorded.
pub(crate) fn tell(log: &SecurityLog, session: &Session, method: &str, outcome: &Outcome) {
    let Err(refusal) = outcome else {
        tracing::debug!(session = session.client().session, method, "done");
        return;
    };
    // What a client takes for a method may be its token.
    let harmless = |text: &str| log.harmless(text);
    tracing::debug!(
        session = session.client().session,
        method = harmless(method),
        code = refusal.code.number(),
        cause = harmless(&refusal.cause),
        "{}",
        harmless(&refusal.sentence)
    );
    if refusal.code == Code::Denied {
        let reason = reason(refusal).unwrap_or(&refusal.cause);
        record(log, session, EventKind::Denied, method, reason);
    }
}

/// The reason that a policy gave.
pub(crate) fn reason(refusal: &Refusal) -> Option<&str> {
    refusal.data.as_ref()?.get("reason")?.as_str()
}

pub(crate) fn record_stop(
    log: &SecurityLog,
    session: &Session,
    repeats: &Mutex<Repeats>,
    method: &str,
    how: &str,
) {
    let count = repeats
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .next(method, Instant::now());
    match count {
        None => {}
        Some(1) => log.record(event(session, EventKind::MotionStop, method, how)),
        Some(count) => log.record(event(session, EventKind::MotionStop, method, how).count(count)),
    }
}

/// Tells at the end of a session of the stops that were not told yet.
pub(crate) fn record_rest(log: &SecurityLog, session: &Session, repeats: &Mutex<Repeats>) {
    let mut repeats = repeats.lock().unwrap_or_else(PoisonError::into_inner);
    repeats.ended = true;
    let count = std::mem::take(&mut repeats.untold);
    if count > 0 {
        let how = "asked by a client, whose session has ended";
        let event = event(session, EventKind::MotionStop, &repeats.newest, how);
        log.record(event.count(count));
    }
}

pub(crate) fn record(
    log: &SecurityLog,
    session: &Session,
    kind: EventKind,
    subject: &str,
    reason: &str,
) {
    log.record(event(session, kind, subject, reason));
}

fn event(session: &Session, kind: EventKind, subject: &str, reason: &str) -> SecurityEvent {
    let client = session.client();
    let event = SecurityEvent::new(kind)
        .from(client.address)
        .session(client.session)
        .client(&client.client_id)
        .token(&client.token.id)
        .client_type(&client.token.client_type)
        .reason(reason);
    if subject.is_empty() {
        event
    } else {
        event.subject(subject)
    }
}
