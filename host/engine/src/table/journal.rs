//! What is kept of a table's lines for when the host is gone: how they are stopped, and whether something moves.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use slewgate_serial::{Line, LineState, StopSequence};
use tokio::sync::watch;

use super::Table;
use super::connection::any_changed;
use super::desk::Desk;

/// Where it is kept. A stop that needs no host reads it.
pub trait Journal: Debug + Send + Sync {
    /// How everything on a line is stopped: a plugin's last word, by the table and the role that it serves. Without an exchange: nothing of
    /// the plugin has to be stopped. Returns at once.
    fn remember(&self, line: &str, table: &str, role: &str, stop: &StopSequence);

    /// Waits until what was remembered of a line outlasts the host; for seconds at most.
    fn remembered(&self, line: &str);

    /// Whether something of the table moves on a line, or its device is owed what ends that. Returns at once; the last word counts.
    fn moving(&self, line: &str, table: &str, moving: bool);

    /// Waits until what was said of a line outlasts the host; for a moment at most, because motion never hangs on a disk.
    fn written(&self, line: &str);
}

/// How that is stopped which never has to be.
const NOTHING: StopSequence = StopSequence {
    exchanges: Vec::new(),
    patience: Duration::ZERO,
};

impl Table {
    /// How the plugin says that its lines are stopped. What writes nothing stops nothing, and takes the place of nothing that does. Where
    /// it says nothing of a line and none of its commands moves anything, nothing has to be stopped there. What it says of lines that it does
    /// not have is kept nowhere.
    pub(crate) fn remember_stops(&self, stops: &[(String, StopSequence)], moves: bool) {
        let of_ours = |(role, stop): &&(String, StopSequence)| {
            self.lines.contains_key(role) && !stop.writes_nothing()
        };
        for (role, stop) in stops.iter().filter(of_ours) {
            self.keep_stop(role, stop);
            self.tell_stop(role, stop);
        }
        for role in self.lines.keys().filter(|_| !moves) {
            let is_known = self.desk().stops.contains_key(role);
            if !is_known && self.desk().stopless.insert(role.clone()) {
                self.tell_stop(role, &NOTHING);
            }
        }
    }

    fn tell_stop(&self, role: &str, stop: &StopSequence) {
        if let (Some(journal), Some(line)) = (&self.journal, self.line(role)) {
            journal.remember(line.name(), &self.name, role, stop);
        }
    }

    /// Waits until the stops are on disk: nothing moves before that.
    pub(super) async fn stops_are_kept(&self) {
        let Some(journal) = self.journal.clone() else {
            return;
        };
        let lines: Vec<_> = self.lines.values().cloned().collect();
        let wait = move || {
            for line in lines {
                journal.remembered(line.name());
            }
        };
        // It fails with the runtime, when nothing moves any more.
        let _ = tokio::task::spawn_blocking(wait).await;
    }

    /// Says what moves. Called with the desk, so that the last word is that of the last change.
    pub(super) fn note_moving(&self, desk: &Desk) {
        let Some(journal) = &self.journal else { return };
        let mut lines = BTreeMap::new();
        for (role, line) in &self.lines {
            let moving = desk.moves(role) || desk.is_unsettled() || *line.owing().borrow();
            *lines.entry(line.name()).or_insert(false) |= moving;
        }
        for (line, moving) in lines {
            journal.moving(line, &self.name, moving);
        }
    }

    /// Waits until it is on disk that something moves on the line of a role: before the bytes that move can be written.
    pub(super) fn moving_is_written(&self, role: &str) {
        if let (Some(journal), Some(line)) = (&self.journal, self.line(role)) {
            journal.written(line.name());
        }
    }

    /// Says once more what moves, for a host that ends.
    pub fn note_rest(&self) {
        self.note_moving(&self.desk());
    }
}

/// A stop that was handed over, or is owed again, changes what is kept; and from when it was handed over it is to be seen to work.
pub(super) async fn watch_owing(table: Arc<Table>) {
    let mut owing: Vec<watch::Receiver<bool>> = table.lines.values().map(Line::owing).collect();
    let mut states: Vec<watch::Receiver<LineState>> =
        table.lines.values().map(Line::state).collect();
    loop {
        owing.iter_mut().for_each(watch::Receiver::mark_unchanged);
        states.iter_mut().for_each(watch::Receiver::mark_unchanged);
        table.note_reached();
        table.note_rest();
        tokio::select! {
            () = any_changed(owing.iter_mut()) => {}
            () = any_changed(states.iter_mut()) => {}
        }
    }
}
