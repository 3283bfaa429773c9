//! The thread that writes: line by line, synced in groups, and never giving up.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::event::{EventKind, SecurityEvent};
use super::handle::{Message, Shared};
use crate::platform;

/// How long a line may be in the system's memory alone.
const SYNC_EVERY: Duration = Duration::from_millis(200);
/// How often a file that cannot be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    path: PathBuf,
    shared: Arc<Shared>,
    file: Option<File>,
    /// The file's length up to the last whole line.
    length: u64,
    /// Since when something is not synced.
    unsynced: Option<Instant>,
    /// The file could not be written: not before this time again.
    retry: Option<Instant>,
}

impl Writer {
    pub(super) fn new(path: PathBuf, shared: Arc<Shared>) -> Self {
        Self {
            path,
            shared,
            file: None,
            length: 0,
            unsynced: None,
            retry: None,
        }
    }

    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        loop {
            match messages.recv_timeout(self.patience()) {
                Ok(Message::Event(event)) => self.record(&event),
                Ok(Message::Flush(done)) => {
                    self.sync();
                    // Whoever asked may have stopped waiting.
                    let _ = done.try_send(());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.keep_up();
        }
        self.close_gap();
        self.sync();
    }

    /// How long there is nothing to do without a message.
    fn patience(&self) -> Duration {
        match self.unsynced {
            Some(since) => SYNC_EVERY.saturating_sub(since.elapsed()),
            None => RETRY,
        }
    }

    /// What is due whether or not events come.
    fn keep_up(&mut self) {
        if self
            .unsynced
            .is_some_and(|since| since.elapsed() >= SYNC_EVERY)
        {
            self.sync();
        }
        self.close_gap();
    }

    fn record(&mut self, event: &SecurityEvent) {
        self.close_gap();
        // While events are missing, none is written before the line that says so.
        if self.shared.lost.load(Ordering::Relaxed) > 0 || !self.write(event) {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Says how many events are missing, as soon as that can be written.
    fn close_gap(&mut self) {
        if self.shared.lost.load(Ordering::Relaxed) == 0 {
            return;
        }
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        let mut gap = SecurityEvent::new(EventKind::Gap).count(lost);
        gap.time = self.shared.now();
        if !self.write(&gap) {
            self.shared.lost.fetch_add(lost, Ordering::Relaxed);
        }
    }

    fn write(&mut self, event: &SecurityEvent) -> bool {
        if self.retry.is_some_and(|retry| Instant::now() < retry) {
            return false;
        }
        let written = self.try_write(event);
        match &written {
            Ok(()) if self.retry.take().is_some() => {
                tracing::info!(path = %self.path.display(), "the security log can be written again");
            }
            Ok(()) => {}
            Err(error) => self.give_up_for_now(error),
        }
        written.is_ok()
    }

    fn try_write(&mut self, event: &SecurityEvent) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        if let Err(error) = file.write_all(&line) {
            // Half a line is worse than none. Should this fail too, opening the file mends it.
            let _ = file.set_len(self.length);
            return Err(error);
        }
        self.length += line.len() as u64;
        self.unsynced.get_or_insert_with(Instant::now);
        self.file = Some(file);
        Ok(())
    }

    /// Opens the file at its end, on a line of its own.
    fn open(&mut self) -> io::Result<File> {
        if let Some(directory) = self.path.parent() {
            platform::create_private_directory(directory)?;
        }
        let mut file = platform::create_private(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a plain file"));
        }
        platform::make_private(&file)?;
        self.length = file.seek(SeekFrom::End(0))?;
        if self.length > 0 && !ends_a_line(&mut file)? {
            file.write_all(b"\n")?;
            self.length += 1;
        }
        Ok(file)
    }

    fn sync(&mut self) {
        self.unsynced = None;
        if let Some(Err(error)) = self.file.as_ref().map(File::sync_data) {
            self.give_up_for_now(&error);
        }
    }

    fn give_up_for_now(&mut self, error: &io::Error) {
        if self.retry.is_none() {
            let path = self.path.display();
            tracing::error!(%path, %error, "cannot write the security log; events are counted until it works again");
        }
        self.file = None;
        self.retry = Some(Instant::now() + RETRY);
    }
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
