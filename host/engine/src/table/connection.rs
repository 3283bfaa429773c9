//! Whether a table has its hardware: its lines, what was found on them, and what follows when one is lost.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use slewgate_serial::{Line, LineState};
use tokio::sync::watch;

use super::{Attached, Table};

/// So many samples in a row that got no answer at all mean that the hardware is silent behind its line.
const MISSED_SAMPLES: u32 = 2;

/// A watch of a table's lines and of what was found on them.
#[derive(Debug)]
pub struct Connection {
    lines: BTreeMap<String, watch::Receiver<LineState>>,
    attached: watch::Receiver<Attached>,
}

impl Connection {
    /// Role -> how its line is; and what was found.
    pub fn now(&mut self) -> (BTreeMap<&str, LineState>, Attached) {
        let lines = self.lines.iter_mut();
        let lines = lines.map(|(role, line)| (role.as_str(), line.borrow_and_update().clone()));
        (lines.collect(), self.attached.borrow_and_update().clone())
    }

    /// Waits for something other than [`Connection::now`] told. False: there is nothing to wait for any more.
    pub async fn changed(&mut self) -> bool {
        tokio::select! {
            () = any_changed(self.lines.values_mut()) => true,
            changed = self.attached.changed() => changed.is_ok(),
        }
    }
}

impl Table {
    /// How its lines and its hardware are, and a watch of both.
    #[must_use]
    pub fn connection(&self) -> Connection {
        let states = self.lines.iter();
        Connection {
            lines: states
                .map(|(role, line)| (role.clone(), line.state()))
                .collect(),
            attached: self.attached.subscribe(),
        }
    }

    /// A sample got an answer.
    pub(crate) fn heard(&self) {
        self.missed.store(0, Ordering::Relaxed);
    }

    /// A sample got no answer at all. The second in a row says that the hardware is silent: from then on it is asked only what it
    /// is, until it says so. What moved ends, and what ends it is sent once more, before all else, when it speaks again.
    pub(crate) fn missed(&self) {
        if self.missed.fetch_add(1, Ordering::Relaxed) + 1 < MISSED_SAMPLES {
            return;
        }
        self.heard();
        let silent = self.attached.send_if_modified(|attached| {
            let was = matches!(attached, Attached::To(_));
            if was {
                *attached = Attached::Silent;
            }
            was
        });
        if silent {
            tracing::warn!(plugin = self.name, "the hardware does not answer any more");
            for role in self.lines.keys() {
                self.line_lost(role, "the hardware does not answer any more");
            }
            self.silent.notify_one();
        }
    }

    /// What moved ends, and what was seen of the hardware counts no more: it may be another, or in another state, when it is back.
    fn line_lost(&self, role: &str, how: &str) {
        self.forget_newest();
        self.end_lost(role, how);
        // It may be open again.
        self.note_reached();
    }
}

/// Looks out for lines that are lost.
pub(super) async fn watch_lines(table: Arc<Table>) {
    let mut lines: Vec<_> = table
        .lines
        .iter()
        .map(|(role, line)| (role.clone(), line.state(), None))
        .collect();
    loop {
        for (role, line, opened) in &mut lines {
            let state = line.borrow_and_update().clone();
            let before = std::mem::replace(opened, opening(&state));
            if before.is_some() && before != *opened {
                table.line_lost(role, &how_lost(&state));
            }
        }
        any_changed(lines.iter_mut().map(|(_, line, _)| line)).await;
    }
}

/// Which opening of its device a line is in.
pub(crate) fn opening(state: &LineState) -> Option<u64> {
    match state {
        LineState::Open { opened } => Some(*opened),
        LineState::Connecting { .. } | LineState::Closed => None,
    }
}

/// Whether the device that was open is gone, also where it is open again.
pub(crate) fn is_lost(line: &Line, opened: Option<u64>) -> bool {
    opened.is_some() && opening(&line.state().borrow()) != opened
}

fn how_lost(state: &LineState) -> String {
    match state {
        LineState::Connecting { error: Some(error) } => error.clone(),
        LineState::Closed => "the line was closed".to_owned(),
        LineState::Connecting { error: None } | LineState::Open { .. } => {
            "the device was lost".to_owned()
        }
    }
}

/// Ends when one of them changes; never where there is none.
pub(super) async fn any_changed<'a, T: 'a>(
    lines: impl Iterator<Item = &'a mut watch::Receiver<T>>,
) {
    let mut changes: Vec<Pin<Box<_>>> = lines.map(|line| Box::pin(line.changed())).collect();
    std::future::poll_fn(|context| {
        let mut changes = changes.iter_mut();
        match changes.any(|change| change.as_mut().poll(context).is_ready()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use slewgate_serial::{Address, LineSettings};

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    async fn reaches(line: &Line, opened: u64) {
        let mut state = line.state();
        let open = state.wait_for(|state| *state == LineState::Open { opened });
        let open = tokio::time::timeout(DEADLINE, open).await;
        open.expect("in time").expect("the line lives");
    }

    #[tokio::test]
    async fn what_a_device_was_opened_for_is_lost_also_when_it_is_open_again() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let line = Line::start(LineSettings {
            name: "east".into(),
            device: Address::Tcp {
                host: "127.0.0.1".into(),
                port: listener.local_addr().unwrap().port(),
            },
            baud: 9600,
            quiet: Duration::ZERO,
        });
        let line = line.unwrap();
        reaches(&line, 1).await;
        let opened = opening(&line.state().borrow());
        assert!(!is_lost(&line, opened));
        drop(listener.accept().unwrap());
        reaches(&line, 2).await;
        assert!(is_lost(&line, opened));
        assert!(!is_lost(&line, None), "nothing was open: nothing is lost");
    }
}
