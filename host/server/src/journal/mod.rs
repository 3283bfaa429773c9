//! What is on disk of the lines, for when there is no host: how each is stopped (`NAME.json`), and whether something moves on it
//! (`NAME.moving`). `slewgate stop` reads it, and so does the host that starts next.
//!
//! The marker is there before the bytes that move can reach the wire, and goes when nothing moves any more and nothing is owed
//! that ends motion. It is written without waiting for the disk itself: what the system took outlasts a host that is killed.
//! After a power cut it may be missing; the sequences are not.

mod keeper;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use slewgate_serial::StopSequence;

use crate::config::Line;
use crate::platform;
use keeper::Keeper;
pub(crate) use keeper::Trouble;
pub(crate) use record::{Record, address_of};

/// How long a motion waits for its marker. Several hundred times what a disk needs that works.
const MARKER_PATIENCE: Duration = Duration::from_millis(50);

/// How long `attach` waits for a stop sequence that is new to be on the disk itself.
const RECORD_PATIENCE: Duration = Duration::from_secs(3);

/// Who moves a line that a host before this one left.
const THE_HOST_BEFORE: &str = "";

/// Where the files are in the data directory.
const FOLDER: &str = "state/lines";
const RECORD: &str = "json";
const MARKER: &str = "moving";

/// A journal that is kept while the host runs.
#[derive(Debug)]
pub(crate) struct Journal {
    known: Mutex<Known>,
    records: Keeper,
    markers: Keeper,
}

#[derive(Debug, Default)]
struct Known {
    records: BTreeMap<String, Record>,
    /// Line and table.
    moving: BTreeSet<(String, String)>,
}

/// A line on which a host that is gone left something moving.
#[derive(Debug)]
pub(crate) struct Unattended {
    pub(crate) record: Record,
    /// The line is still configured, on the same device.
    pub(crate) is_ours: bool,
}

/// A line as it is on disk.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) record: Record,
    pub(crate) marked: bool,
}

/// What is on disk below a data directory; what cannot be read is a sentence that names the file.
pub(crate) fn read(data: &Path) -> (Vec<Found>, Vec<String>) {
    let entries = fs::read_dir(data.join(FOLDER)).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let is = |file: &Path, kind: &str| file.extension().is_some_and(|found| found == kind);
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for file in files {
        if is(&file, RECORD) {
            match Record::read(&file) {
                Ok(record) => found.push(Found {
                    marked: is_marked(data, &record.line),
                    record,
                }),
                Err(why) => unreadable.push(format!("cannot use {}: {why}", file.display())),
            }
        } else if is(&file, MARKER) && !file.with_extension(RECORD).exists() {
            unreadable.push(format!(
                "{} says that something was left moving, and nothing beside it how that is stopped",
                file.display()
            ));
        }
    }
    (found, unreadable)
}

/// Whether something was left moving on a line, or moves.
pub(crate) fn is_marked(data: &Path, line: &str) -> bool {
    marker(data, line).exists()
}

/// Takes a marker away, when what moved was stopped and no host keeps the journal.
pub(crate) fn unmark(data: &Path, line: &str) -> io::Result<()> {
    fs::remove_file(marker(data, line))
}

fn marker(data: &Path, line: &str) -> PathBuf {
    data.join(FOLDER).join(line).with_extension(MARKER)
}

impl Journal {
    /// Takes up what is on disk and keeps it for these lines; tells what a host before left moving.
    ///
    /// # Errors
    /// The system gives no thread. A disk that fails is told to `trouble`, and a host without a journal runs all the same.
    pub(crate) fn start(
        data: &Path,
        lines: &BTreeMap<String, Line>,
        found: Vec<Found>,
        trouble: Trouble,
    ) -> io::Result<(Journal, Vec<Unattended>)> {
        let folder = data.join(FOLDER);
        let journal = Journal {
            records: Keeper::start("journal", folder.clone(), replace, Arc::clone(&trouble))?,
            markers: Keeper::start("markers", folder, mark, trouble)?,
            known: Mutex::default(),
        };
        let (mut before, mut unattended) = (BTreeMap::new(), Vec::new());
        for Found { record, marked } in found {
            let configured = lines.get(&record.line);
            let is_ours = configured.is_some_and(|line| line.device.to_string() == record.device);
            if marked && !record.is_simulated() {
                journal.tell(&record.line, THE_HOST_BEFORE, true);
                unattended.push(Unattended {
                    record: record.clone(),
                    is_ours,
                });
            } else if marked {
                journal.markers.want(&file(&record.line, MARKER), None);
            }
            if is_ours {
                before.insert(record.line.clone(), record);
            } else if !marked {
                journal.records.want(&file(&record.line, RECORD), None);
            }
        }
        for (name, line) in lines {
            journal.take_up(name, line, before.remove(name));
        }
        Ok((journal, unattended))
    }

    /// What the plugin of a table said to this host, or to one before it, about a role that this line plays; none where that stops
    /// nothing.
    pub(crate) fn last_word(&self, line: &str, table: &str, role: &str) -> Option<StopSequence> {
        let known = self.known();
        let word = known.records.get(line)?.word(table, role)?;
        let said = word.sequence().ok();
        said.filter(|stop| !stop.writes_nothing())
    }

    /// What a host before left moving on this line was stopped.
    pub(crate) fn is_attended(&self, line: &str) {
        self.tell(line, THE_HOST_BEFORE, false);
    }

    /// Waits until everything is on disk: false where that takes longer.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        self.markers.all_written(patience) && self.records.all_written(patience)
    }

    /// `before`: what a host before knew of the same device.
    fn take_up(&self, name: &str, line: &Line, before: Option<Record>) {
        let record = Record {
            stops: before.map(|before| before.stops).unwrap_or_default(),
            ..Record::of(name, line)
        };
        let mut known = self.known();
        // One that says nothing of how the line is stopped is of no use to anybody.
        if record.configured.is_some() || !record.stops.is_empty() {
            self.keep(&record);
        }
        known.records.insert(name.to_owned(), record);
    }

    fn keep(&self, record: &Record) {
        // A record is plain data, which always has a text.
        if let Ok(text) = serde_json::to_vec(record) {
            self.records.want(&file(&record.line, RECORD), Some(text));
        }
    }

    fn tell(&self, line: &str, table: &str, moving: bool) {
        let mut known = self.known();
        let who = (line.to_owned(), table.to_owned());
        if moving {
            known.moving.insert(who);
        } else {
            known.moving.remove(&who);
        }
        let any = known.moving.iter().any(|(moved, _)| moved == line);
        // With the lock, so that the last word is that of the last who spoke.
        self.markers.want(&file(line, MARKER), any.then(Vec::new));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl slewgate_engine::Journal for Journal {
    fn remember(&self, line: &str, table: &str, role: &str, stop: &StopSequence) {
        let mut known = self.known();
        if let Some(record) = known.records.get_mut(line)
            && record.remember(table, role, stop)
        {
            self.keep(record);
        }
    }

    fn remembered(&self, line: &str) {
        if !self
            .records
            .is_written(&file(line, RECORD), RECORD_PATIENCE)
        {
            tracing::warn!(line, "how it is stopped is not on disk");
        }
    }

    fn moving(&self, line: &str, table: &str, moving: bool) {
        self.tell(line, table, moving);
    }

    fn written(&self, line: &str) {
        if !self
            .markers
            .is_written(&file(line, MARKER), MARKER_PATIENCE)
        {
            tracing::warn!(line, "something moves, and it is not on disk");
        }
    }
}

fn file(line: &str, kind: &str) -> String {
    format!("{line}.{kind}")
}

/// Puts a file there whole or not at all, also where the power goes.
fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    platform::create_private_directory(folder)?;
    let new = path.with_extension("new");
    let mut file = platform::create_private(&new)?;
    io::Write::write_all(&mut file, contents)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&new, path)?;
    platform::sync_directory(folder)
}

/// Nothing is synced: what the system has outlasts a host that is killed, and motion waits for this.
fn mark(path: &Path, _: &[u8]) -> io::Result<()> {
    if let Err(error) = platform::create_private(path) {
        // Its directory may have been taken away.
        if error.kind() != io::ErrorKind::NotFound {
            return Err(error);
        }
        platform::create_private_directory(path.parent().unwrap_or(Path::new(".")))?;
        platform::create_private(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
