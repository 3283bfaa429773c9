//! The thread that writes a transcript.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use super::Settings;
use super::entry::{Entry, Head};
use crate::platform;

/// How often a file that cannot be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    settings: Settings,
    longest: u64,
    open: Option<Open>,
    /// The file could not be written: not before this time again.
    retry: Option<Instant>,
    /// Entries that were taken and not written.
    lost: u64,
}

struct Open {
    file: BufWriter<File>,
    began: Instant,
    length: u64,
}

impl Writer {
    pub(super) fn new(settings: Settings, longest: u64) -> Writer {
        Writer {
            settings,
            longest,
            open: None,
            retry: None,
            lost: 0,
        }
    }

    /// Writes until nobody listens in any more. What is written is on the disk whenever nothing waits.
    pub(super) fn run(mut self, entries: &Receiver<Entry>) {
        loop {
            let entry = match entries.try_recv() {
                Ok(entry) => entry,
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {
                    let flushed = self.open.as_mut().map(|open| open.file.flush());
                    if let Some(Err(error)) = flushed {
                        self.give_up_for_now(&error);
                    }
                    match entries.recv() {
                        Ok(entry) => entry,
                        Err(_) => return,
                    }
                }
            };
            self.write(entry);
        }
    }

    pub(super) fn write(&mut self, mut entry: Entry) {
        entry.lost += self.lost;
        self.lost = 0;
        let waits = self.retry.is_some_and(|retry| Instant::now() < retry);
        let written = if waits {
            Ok(false)
        } else {
            self.try_write(&entry)
        };
        match written {
            Ok(true) => self.retry = None,
            Ok(false) => self.lost = entry.lost + 1,
            Err(error) => {
                self.lost = entry.lost + 1;
                self.give_up_for_now(&error);
            }
        }
    }

    fn try_write(&mut self, entry: &Entry) -> io::Result<bool> {
        let mut open = match self.open.take() {
            Some(open) if open.length < self.longest => open,
            Some(mut full) => {
                full.file.flush()?;
                self.begin(entry.at)?
            }
            None => self.begin(entry.at)?,
        };
        for line in entry.to_lines(open.began) {
            open.write(line.to_string())?;
        }
        self.open = Some(open);
        Ok(true)
    }

    /// Begins a file; the one that is there becomes the older one.
    fn begin(&self, began: Instant) -> io::Result<Open> {
        let path = &self.settings.file;
        if let Some(folder) = path.parent() {
            platform::create_private_directory(folder)?;
        }
        match fs::rename(path, older(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let head = Head {
            transcript: 1,
            line: &self.settings.line,
            device: &self.settings.device,
            baud: self.settings.baud,
            began: (self.settings.now)(),
        };
        let mut open = Open {
            file: BufWriter::new(platform::create_private(path)?),
            began,
            length: 0,
        };
        open.write(serde_json::to_string(&head)?)?;
        Ok(open)
    }

    fn give_up_for_now(&mut self, error: &io::Error) {
        if self.retry.is_none() {
            let path = self.settings.file.display();
            tracing::warn!(%path, %error, "cannot write the transcript; what is missing is counted until it works again");
        }
        self.open = None;
        self.retry = Some(Instant::now() + RETRY);
    }
}

impl Open {
    fn write(&mut self, mut line: String) -> io::Result<()> {
        line.push('\n');
        self.length += u64::try_from(line.len()).unwrap_or(u64::MAX);
        self.file.write_all(line.as_bytes())
    }
}

/// `east.jsonl` -> `east.jsonl.old`.
fn older(path: &Path) -> PathBuf {
    path.with_added_extension("old")
}
