//! Transcripts of lines: every byte with its time, its direction and the call that sent it, in a file that
//! `slewgate simulate --replay` plays back.
//!
//! A thread of its own writes; the line's thread only hands over, through a bounded queue, and what does not fit is counted and
//! the count is written. A file has its bound too: then, and at each start, it becomes the older one, of which one is kept.

mod entry;
mod writer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use anyhow::Context;
use slewgate_serial::Tap;
use slewgate_sky::SharedClock;

use crate::authenticate::timestamp;
use crate::config;
use entry::{Entry, What};
use writer::Writer;

/// Entries that may wait for the disk.
const QUEUE: usize = 1024;

/// The longest file, in bytes: a day of a mount that is polled twice a second.
const LONGEST: u64 = 64 << 20;

/// What a transcript is of.
struct Settings {
    file: PathBuf,
    line: String,
    device: String,
    baud: u32,
    /// The wall clock, as RFC 3339.
    now: Arc<dyn Fn() -> String + Send + Sync>,
}

/// Listens in on one line; the file ends with it.
struct Transcript {
    queue: SyncSender<Entry>,
    /// What did not fit since something did. One thread counts it, that of the line.
    lost: AtomicU64,
}

/// What hears everything on a line, if somebody is to.
pub(crate) fn of_line(
    name: &str,
    line: &config::Line,
    data: &Path,
    clock: &SharedClock,
) -> anyhow::Result<Option<Arc<dyn Tap>>> {
    let file = match &line.transcript {
        None => return Ok(None),
        Some(config::Transcript::InData) => data.join("transcripts").join(format!("{name}.jsonl")),
        Some(config::Transcript::At(path)) => data.join(path),
    };
    let clock = Arc::clone(clock);
    let settings = Settings {
        file,
        line: name.to_owned(),
        device: line.device.to_string(),
        baud: line.baud,
        now: Arc::new(move || timestamp(&*clock).to_string()),
    };
    let transcript = Transcript::start(settings)
        .with_context(|| format!("cannot start the transcript of {name}"))?;
    Ok(Some(Arc::new(transcript)))
}

impl Transcript {
    /// Begins one. A file that cannot be written is tried again and again, and what is missing is counted.
    ///
    /// # Errors
    /// The system gives no thread.
    fn start(settings: Settings) -> io::Result<Transcript> {
        let (queue, entries) = sync_channel(QUEUE);
        let writer = Writer::new(settings, LONGEST);
        thread::Builder::new()
            .name("transcript".to_owned())
            .spawn(move || writer.run(&entries))?;
        Ok(Transcript {
            queue,
            lost: AtomicU64::new(0),
        })
    }

    fn add(&self, what: What) {
        let lost = self.lost.load(Ordering::Relaxed);
        let entry = Entry {
            at: Instant::now(),
            lost,
            what,
        };
        let lost = match self.queue.try_send(entry) {
            Ok(()) => 0,
            Err(_) => lost + 1,
        };
        self.lost.store(lost, Ordering::Relaxed);
    }
}

impl Tap for Transcript {
    fn sent(&self, bytes: &[u8], by: &str) {
        self.add(What::Sent(bytes.to_vec(), by.to_owned()));
    }

    fn received(&self, bytes: &[u8]) {
        self.add(What::Received(bytes.to_vec()));
    }

    fn opened(&self) {
        self.add(What::Opened);
    }

    fn lost(&self, how: &str) {
        self.add(What::Lost(how.to_owned()));
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
