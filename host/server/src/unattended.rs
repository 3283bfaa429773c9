//! What a host before this one left moving is stopped first of all.

use std::collections::BTreeMap;
use std::sync::Arc;

use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use slewgate_serial::Line;

use crate::direct::{self, Outcome};
use crate::journal::{Journal, Unattended};

/// A line of this host on which something was left moving.
pub(crate) struct LeftMoving {
    line: Line,
    /// Its device is owed a stop.
    is_owed: bool,
}

impl LeftMoving {
    fn of(line: &Line, is_owed: bool) -> LeftMoving {
        let line = line.clone();
        LeftMoving { line, is_owed }
    }

    pub(crate) fn line(&self) -> &str {
        self.line.name()
    }
}

/// Owes each line its stop before anything else is asked of it; the device gets it when it is open, before `attach`. Answers the
/// lines of this host on which something was left moving: their tables see to it that it stands.
pub(crate) fn stop(
    left: Vec<Unattended>,
    lines: &BTreeMap<String, Line>,
    journal: &Arc<Journal>,
    log: &SecurityLog,
) -> Vec<LeftMoving> {
    let mut ours = Vec::new();
    for unattended in left {
        let name = unattended.record.line.clone();
        alarm(log, &name, "the host before ended while something moved");
        let (journal, log) = (Arc::clone(journal), log.clone());
        match lines.get(&name).filter(|_| unattended.is_ours) {
            Some(line) => match unattended.record.sequences() {
                Ok(sequences) if !sequences.is_empty() => {
                    for sequence in &sequences {
                        drop(line.stop(sequence));
                    }
                    ours.push(LeftMoving::of(line, true));
                }
                _ => {
                    let why = "it may be moving, and nothing says how it is stopped";
                    alarm(&log, &name, why);
                    ours.push(LeftMoving::of(line, false));
                }
            },
            // Its device is no line of this host: it is opened for this alone.
            None => drop(tokio::spawn(stop_elsewhere(unattended, journal, log))),
        }
    }
    ours
}

/// Where the tables have said that they wait for it to stand: the marker of the host before goes once the device has its stop, and
/// theirs once it is seen to stand.
pub(crate) fn attend(left: Vec<LeftMoving>, journal: &Arc<Journal>, log: &SecurityLog) {
    for left in left.into_iter().filter(|left| left.is_owed) {
        tokio::spawn(handed_over(left.line, Arc::clone(journal), log.clone()));
    }
}

async fn handed_over(line: Line, journal: Arc<Journal>, log: SecurityLog) {
    if line.owing().wait_for(|owing| !owing).await.is_ok() {
        stopped(&log, line.name());
        journal.is_attended(line.name());
    }
}

async fn stop_elsewhere(left: Unattended, journal: Arc<Journal>, log: SecurityLog) {
    let report = direct::stop(&left.record, true, false).await;
    match report.outcome {
        Outcome::Stopped { .. } | Outcome::Simulated | Outcome::Needless => {
            stopped(&log, &report.line);
            journal.is_attended(&report.line);
        }
        Outcome::Failed { error } => alarm(
            &log,
            &report.line,
            &format!("{} may be moving: {error}", report.device),
        ),
    }
}

fn stopped(log: &SecurityLog, line: &str) {
    const HOW: &str = "left moving by the host before";
    tracing::warn!(line, "sent a stop to what was {HOW}");
    log.record(
        SecurityEvent::new(EventKind::MotionStop)
            .subject(line)
            .reason(HOW),
    );
}

fn alarm(log: &SecurityLog, line: &str, why: &str) {
    tracing::error!(line, "{why}");
    log.record(
        SecurityEvent::new(EventKind::Alarm)
            .subject(line)
            .reason(why),
    );
}
