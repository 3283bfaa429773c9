//! What a host does so that its hardware is stopped when it cannot do it any more, and so that it leaves nothing behind when it can.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use slewgate_engine::Plugins;
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use slewgate_serial::{Line, StopSequence};
use tokio::time::timeout;

use crate::config::Config;
use crate::host::begin_to_stop;
use crate::journal::{self, Journal, Unattended};
use crate::panics;

/// How long the last stops may take to be handed over, and what is on disk of them to be written.
const REST_PATIENCE: Duration = Duration::from_secs(1);

/// What a host before this one left on disk, and a journal for this one.
pub(crate) fn journal(
    config: &Config,
    data: &Path,
    log: &SecurityLog,
) -> Result<(Arc<Journal>, Vec<Unattended>)> {
    let alarm = {
        let log = log.clone();
        move |why: &str| {
            tracing::error!("{why}");
            log.record(SecurityEvent::new(EventKind::Alarm).reason(why));
        }
    };
    let (found, unreadable) = journal::read(data);
    unreadable.iter().for_each(|why| alarm(why));
    let trouble = move |path: &Path, error: &io::Error| {
        let path = path.display();
        alarm(&format!(
            "cannot keep {path}: {error}; without it a stop needs this host"
        ));
    };
    let started = Journal::start(data, &config.lines, found, Arc::new(trouble));
    let (journal, left) = started.context("cannot start the journal")?;
    Ok((Arc::new(journal), left))
}

/// By role: what the plugin said to this host or to one before it, else what the configuration says of the line.
pub(crate) fn known_stops(
    config: &Config,
    table: &str,
    roles: &BTreeMap<String, String>,
    journal: &Journal,
) -> BTreeMap<String, StopSequence> {
    let known = roles.iter().filter_map(|(role, line)| {
        let said = journal.last_word(line, table, role);
        let stop = said.or_else(|| config.lines.get(line)?.stop.clone())?;
        Some((role.clone(), stop))
    });
    known.collect()
}

/// A host with a fault may not look after what it moves.
pub(crate) fn stop_at_a_panic(plugins: &Arc<Plugins>, log: &SecurityLog) -> Result<()> {
    let (plugins, log) = (Arc::downgrade(plugins), log.clone());
    let stop = move |place: &str| {
        // First, because the thread that failed may hold what a log needs.
        if let Some(plugins) = plugins.upgrade() {
            // They are on their way; whether they arrive is seen by who waits for the motions to end.
            drop(begin_to_stop(&plugins, "the host, after a fault"));
        }
        let why = format!("a fault of the host, in {place}; what moves is stopped");
        tracing::error!("{why}");
        log.record(SecurityEvent::new(EventKind::Alarm).reason(why));
    };
    panics::watch(stop).context("cannot watch for panics")
}

/// A host that ends leaves no marker where nothing moves and nothing is owed, and what was told to stand was seen to.
pub(crate) async fn rest(plugins: &Plugins, lines: &BTreeMap<String, Line>, journal: &Journal) {
    for line in lines.values() {
        let mut owing = line.owing();
        let handed_over = owing.wait_for(|owing| !owing);
        // A device that is gone is owed it: that stays on disk.
        let _ = timeout(REST_PATIENCE, handed_over).await;
    }
    for table in plugins.tables().values() {
        table.note_rest();
    }
    if !journal.flush(REST_PATIENCE) {
        tracing::warn!("what is on disk of the lines may be old");
    }
    if !plugins.flush_state(REST_PATIENCE) {
        tracing::warn!("what plugins kept last may not be on the disk");
    }
}
