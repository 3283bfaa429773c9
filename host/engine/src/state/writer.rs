//! Brings what changed to the disk, on a thread of its own: who changes it never waits.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::error::StateError;
use super::file::MAX_PLUGINS;
use super::notes::{Notes, Values};

/// From one write to the next: what changes meanwhile is written together.
pub(super) const GATHER: Duration = Duration::from_millis(100);

/// How often a disk that fails is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Where notes are written to.
pub(super) trait Disk: Send + 'static {
    /// All that these plugins keep, in the place of what they kept before: all of it or nothing, and on the disk itself when this
    /// returns. Answers the plugins that there is no room for.
    fn write(&mut self, plugins: &[(&str, Values)]) -> Result<Vec<String>, StateError>;

    /// All that is kept, in another place: as it is at one moment.
    fn copy(&mut self, to: &Path) -> Result<(), StateError>;
}

/// Who wants to have a copy, and where.
#[derive(Debug)]
struct Copy {
    /// What was changed before is in it.
    wanted: u64,
    to: PathBuf,
    done: SyncSender<Result<(), StateError>>,
}

/// What the thread does next.
enum Task {
    Write(Due),
    Copy(Copy),
}

/// What is not on the disk yet. Its size is bounded by the number of plugins.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pending: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    plugins: BTreeSet<String>,
    /// How often something changed, and which of these is on the disk.
    made: u64,
    written: u64,
    failing: bool,
    /// To be made.
    copies: Vec<Copy>,
    /// Somebody waits for the disk.
    hurried: bool,
    ended: bool,
}

/// What is to be written.
struct Due {
    plugins: BTreeSet<String>,
    made: u64,
}

/// The thread.
pub(super) struct Writer<D, O> {
    notes: BTreeMap<String, Arc<Notes>>,
    changes: Arc<Changes>,
    /// None after a failure.
    disk: Option<D>,
    reopen: O,
    /// Plugins that there was no room for, which is told once.
    left_out: BTreeSet<String>,
}

impl Changes {
    /// Something of this plugin's changed.
    pub(super) fn note(&self, plugin: &str) {
        let mut pending = self.lock();
        pending.made += 1;
        if !pending.plugins.contains(plugin) {
            pending.plugins.insert(plugin.to_owned());
        }
        drop(pending);
        self.changed.notify_all();
    }

    pub(super) fn flush(&self, patience: Duration) -> bool {
        let mut pending = self.lock();
        let wanted = pending.made;
        pending.hurried = pending.written < wanted;
        self.changed.notify_all();
        let waits = |pending: &mut Pending| pending.written < wanted && !pending.failing;
        let waited = self.changed.wait_timeout_while(pending, patience, waits);
        let (pending, _) = waited.unwrap_or_else(PoisonError::into_inner);
        pending.written >= wanted
    }

    /// Has a copy made of what is kept now.
    pub(super) fn copy(&self, to: &Path, patience: Duration) -> Result<(), StateError> {
        let (done, made) = sync_channel(1);
        let mut pending = self.lock();
        pending.hurried = true;
        let wanted = pending.made;
        pending.copies.push(Copy {
            wanted,
            to: to.to_owned(),
            done,
        });
        drop(pending);
        self.changed.notify_all();
        made.recv_timeout(patience).unwrap_or_else(|_| {
            // Nobody waits for it any more.
            self.lock().copies.retain(|copy| copy.to != to);
            Err(StateError::late(to))
        })
    }

    /// Nobody changes anything any more.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Waits for something to do. None: it is over, and everything is written or the disk fails.
    fn next(&self) -> Option<Task> {
        let mut pending = self.lock();
        loop {
            if pending.ended {
                // What is not on the disk yet has to come there first, and soon.
                pending.copies.clear();
            }
            let written = pending.written;
            let due = |copy: &Copy| copy.wanted <= written;
            if let Some(due) = pending.copies.iter().position(due) {
                return Some(Task::Copy(pending.copies.remove(due)));
            }
            match pending.plugins.is_empty() {
                true if pending.ended => return None,
                false if pending.ended && pending.failing => return None,
                false => {
                    pending.hurried = false;
                    return Some(Task::Write(Due {
                        plugins: std::mem::take(&mut pending.plugins),
                        made: pending.made,
                    }));
                }
                true => {
                    let waited = self.changed.wait(pending);
                    pending = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Answers whether the disk failed before.
    fn written(&self, made: u64) -> bool {
        let mut pending = self.lock();
        pending.written = made;
        self.end_attempt(pending, false)
    }

    /// `plugins` are to be written again. Answers whether the disk failed before.
    fn failed<'a>(&self, plugins: impl Iterator<Item = &'a String>) -> bool {
        let mut pending = self.lock();
        pending.plugins.extend(plugins.cloned());
        self.end_attempt(pending, true)
    }

    fn end_attempt(&self, mut pending: MutexGuard<'_, Pending>, failing: bool) -> bool {
        let failed_before = std::mem::replace(&mut pending.failing, failing);
        drop(pending);
        self.changed.notify_all();
        failed_before
    }

    /// Waits until then, or until somebody is in a hurry.
    fn rest(&self, until: Instant) {
        let mut pending = self.lock();
        while !pending.ended && !pending.hurried && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            let waited = self.changed.wait_timeout(pending, left);
            pending = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D, O> Writer<D, O>
where
    D: Disk,
    O: FnMut() -> Result<D, StateError> + Send + 'static,
{
    /// `reopen`: how the disk is tried again after it failed.
    pub(super) fn new(
        notes: BTreeMap<String, Arc<Notes>>,
        changes: Arc<Changes>,
        disk: D,
        reopen: O,
    ) -> Writer<D, O> {
        Writer {
            notes,
            changes,
            disk: Some(disk),
            reopen,
            left_out: BTreeSet::new(),
        }
    }

    pub(super) fn start(self) -> io::Result<()> {
        let thread = thread::Builder::new().name("plugins-state".into());
        thread.spawn(move || self.run()).map(drop)
    }

    fn run(mut self) {
        while let Some(task) = self.changes.next() {
            let began = Instant::now();
            let due = match task {
                Task::Write(due) => due,
                Task::Copy(copy) => {
                    // Who wanted it may not wait any more.
                    let _ = copy.done.send(self.copy(&copy.to));
                    continue;
                }
            };
            match self.write(&due.plugins) {
                Ok(()) => {
                    if self.changes.written(due.made) {
                        tracing::info!("what plugins keep is on the disk again");
                    }
                    self.changes.rest(began + GATHER);
                }
                Err(error) => {
                    // What it has of anybody is not known any more.
                    self.disk = None;
                    if !self.changes.failed(self.notes.keys()) {
                        tracing::error!(%error, "what plugins keep is in memory alone until the disk works again");
                    }
                    self.changes.rest(began + RETRY);
                }
            }
        }
    }

    fn copy(&mut self, to: &Path) -> Result<(), StateError> {
        open(&mut self.disk, &mut self.reopen)?.copy(to)
    }

    fn write(&mut self, plugins: &BTreeSet<String>) -> Result<(), StateError> {
        let disk = open(&mut self.disk, &mut self.reopen)?;
        let notes = plugins
            .iter()
            .filter_map(|plugin| self.notes.get_key_value(plugin));
        let values: Vec<_> = notes
            .map(|(plugin, notes)| (plugin.as_str(), notes.values()))
            .collect();
        for plugin in disk.write(&values)? {
            if self.left_out.insert(plugin.clone()) {
                tracing::error!(
                    plugin,
                    "what it keeps is in memory alone: {} plugins keep something already; `slewgate plugin forget NAME` makes room",
                    MAX_PLUGINS
                );
            }
        }
        Ok(())
    }
}

fn open<'d, D>(
    disk: &'d mut Option<D>,
    reopen: &mut impl FnMut() -> Result<D, StateError>,
) -> Result<&'d mut D, StateError> {
    match disk {
        Some(disk) => Ok(disk),
        none => Ok(none.insert(reopen()?)),
    }
}

#[cfg(test)]
impl Changes {
    /// Nobody need be in a hurry.
    pub(super) fn is_written(&self) -> bool {
        let pending = self.lock();
        pending.written == pending.made
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    /// A disk that fails while it is told to, and counts how often it was opened.
    #[derive(Default)]
    struct Fickle {
        fails: AtomicBool,
        opened: AtomicUsize,
        holds: Mutex<BTreeMap<String, Values>>,
    }

    impl Disk for Arc<Fickle> {
        fn write(&mut self, plugins: &[(&str, Values)]) -> Result<Vec<String>, StateError> {
            if self.fails.load(Ordering::SeqCst) {
                return Err(StateError::InUse("plugins.redb".into()));
            }
            let mut holds = self.holds.lock().unwrap();
            for (plugin, values) in plugins {
                holds.insert((*plugin).to_owned(), values.clone());
            }
            Ok(Vec::new())
        }

        fn copy(&mut self, _: &Path) -> Result<(), StateError> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_fails_holds_nobody_up_and_gets_everything_when_it_works() {
        let disk = Arc::new(Fickle::default());
        let changes = Arc::new(Changes::default());
        let made = ["mount", "dome"].map(|name| {
            let notes = Notes::new(name, Values::new(), Some(Arc::clone(&changes)));
            (name.to_owned(), Arc::new(notes))
        });
        let notes = BTreeMap::from(made);
        let again = Arc::clone(&disk);
        let reopen = move || {
            again.opened.fetch_add(1, Ordering::SeqCst);
            Ok(Arc::clone(&again))
        };
        let writer = Writer::new(
            notes.clone(),
            Arc::clone(&changes),
            Arc::clone(&disk),
            reopen,
        );
        writer.start().unwrap();

        notes["dome"].set("key".into(), vec![1]).unwrap();
        assert!(changes.flush(DEADLINE));
        disk.fails.store(true, Ordering::SeqCst);
        notes["mount"].set("key".into(), vec![1]).unwrap();
        let began = Instant::now();
        assert!(!changes.flush(DEADLINE), "it cannot be written");
        notes["mount"].set("key".into(), vec![2]).unwrap();
        assert!(!changes.flush(DEADLINE));
        assert!(began.elapsed() < DEADLINE, "nobody waits for it");

        // As a disk that lost what it had.
        disk.holds.lock().unwrap().clear();
        disk.fails.store(false, Ordering::SeqCst);
        while !changes.is_written() {
            assert!(began.elapsed() < DEADLINE, "it is never tried again");
            thread::park_timeout(Duration::from_millis(10));
        }
        let holds = disk.holds.lock().unwrap();
        assert_eq!(*holds["mount"]["key"], [2]);
        assert_eq!(*holds["dome"]["key"], [1], "what it had before, too");
        assert!(disk.opened.load(Ordering::SeqCst) > 0);
        drop(holds);
        changes.end();
    }
}
