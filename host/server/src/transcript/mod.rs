//! Transcripts of lines: every byte with its time, its direction and the call that sent it, in a file that
//! `slewgate simulate --replay` plays back.
//!
//! A thread of its own writes; the line's thread only hands over, through a bounded queue, and what does not fit is counted and
//! the count is written. A file has its bound too: then, and at each start, it becomes the older one, of which one is kept.

mod entry;
mod writer;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use slewgate_serial::Tap;

use entry::{Entry, What};
use writer::Writer;

/// Entries that may wait for the disk.
const QUEUE: usize = 1024;

/// The longest file, in bytes: a day of a mount that is polled twice a second.
const LONGEST: u64 = 64 << 20;

/// What a transcript is of.
pub(crate) struct TranscriptSettings {
    pub(crate) file: PathBuf,
    pub(crate) line: String,
    pub(crate) device: String,
    pub(crate) baud: u32,
    /// The wall clock, as RFC 3339.
    pub(crate) now: Arc<dyn Fn() -> String + Send + Sync>,
}

/// Listens in on one line; the file ends with it.
pub(crate) struct Transcript {
    queue: SyncSender<Entry>,
    /// What did not fit since something did. One thread counts it, that of the line.
    lost: AtomicU64,
}

impl Transcript {
    /// Begins one. A file that cannot be written is tried again and again, and what is missing is counted.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(settings: TranscriptSettings) -> io::Result<Transcript> {
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
