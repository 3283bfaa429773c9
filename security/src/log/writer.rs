//! The thread that writes: line by line, synced in groups, and never giving up.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::chain::{End, Last, Link};
use super::counted::{self, Counted};
use super::event::{EventKind, SecurityEvent};
use super::files::{self, FullFile};
use super::handle::{Kept, Message, Shared};
use super::head::Head;
use super::repeats::Repeats;
use crate::platform;

/// How long a line may be in the system's memory alone, and what is counted in this program's.
const SYNC_EVERY: Duration = Duration::from_millis(200);
/// How often a file that cannot be written is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often it is said that events are missing, where none is to be written after them.
const GAP_EVERY: Duration = Duration::from_secs(1);
/// How often it is told elsewhere up to where the log goes.
const HEAD_EVERY: Duration = Duration::from_secs(60);

pub(super) struct Writer {
    path: PathBuf,
    kept: Kept,
    shared: Arc<Shared>,
    repeats: Repeats,
    open: Option<Open>,
    /// The last line that was written, of this file or another.
    last: Link,
    /// The sequence of the first line that is kept.
    first: Option<u64>,
    /// When it was said last that events are missing.
    gap: Option<Instant>,
    /// Since when something is not synced.
    unsynced: Option<Instant>,
    /// What `log.counted` says.
    counted: Counted,
    /// The file could not be written: not before this time again.
    retry: Option<Instant>,
    /// What `log.head` says, and since when.
    told: Option<(Head, Instant)>,
}

/// The file that is written.
struct Open {
    file: File,
    /// Up to the last whole line, in bytes.
    length: u64,
    /// The sequence of its first line, once it has one.
    first: Option<u64>,
}

impl Writer {
    pub(super) fn new(path: PathBuf, kept: Kept, shared: Arc<Shared>) -> Self {
        Self {
            path,
            kept,
            shared,
            repeats: Repeats::default(),
            open: None,
            last: Link::NONE,
            first: None,
            gap: None,
            unsynced: None,
            counted: Counted::new(),
            retry: None,
            told: None,
        }
    }

    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        self.tell_of_the_last();
        loop {
            match messages.recv_timeout(self.patience()) {
                Ok(Message::Event(event)) => self.record(*event),
                Ok(Message::Flush(done)) => {
                    self.tell_all();
                    // Whoever asked may have stopped waiting.
                    let _ = done.try_send(());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.keep_up();
        }
        self.tell_all();
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
        let now = Instant::now();
        for counted in self.repeats.over(now) {
            self.put(&counted);
        }
        // In a flood that is only counted, there would be a line for each few that find no place in the queue.
        if self
            .gap
            .is_none_or(|gap| now.duration_since(gap) >= GAP_EVERY)
        {
            self.close_gap();
        }
        if self
            .unsynced
            .is_some_and(|since| since.elapsed() >= SYNC_EVERY)
        {
            self.sync();
        }
        let is_due = |(_, since): &(_, Instant)| now.duration_since(*since) >= HEAD_EVERY;
        if self.told.as_ref().is_none_or(is_due) {
            self.tell_head();
        }
    }

    /// All that was recorded, down to the disk.
    fn tell_all(&mut self) {
        self.close_gap();
        for counted in self.repeats.all() {
            self.put(&counted);
        }
        self.sync();
        self.tell_head();
    }

    fn record(&mut self, event: SecurityEvent) {
        let now = Instant::now();
        match self.repeats.take(event, now) {
            Some(event) => self.put(&event),
            None => _ = self.unsynced.get_or_insert(now),
        }
    }

    /// What the host before this one had counted when it was killed.
    fn tell_of_the_last(&mut self) {
        let counted = counted::read(&self.path).unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot read in log.counted what was counted and not told");
            Counted::new()
        });
        for (&kind, &count) in &counted {
            self.put(&self.dated(counted::told_late(kind, count)));
        }
        self.counted = counted;
    }

    /// What is counted is in a file as well, as soon as a line would be.
    fn keep_counted(&mut self) {
        let mut counted = self.repeats.counted();
        let lost = self.shared.lost.load(Ordering::Relaxed);
        if lost > 0 {
            counted.insert(EventKind::Gap, lost);
        }
        if counted == self.counted {
            return;
        }
        match counted::write(&self.path, &counted) {
            Ok(()) => self.counted = counted,
            // A disk that is full is told of by who writes lines.
            Err(error) => tracing::debug!(%error, "cannot say in log.counted what was counted"),
        }
    }

    fn put(&mut self, event: &SecurityEvent) {
        // While events are missing, none is written before the line that says so. Those that get lost meanwhile are for the next such line.
        if !self.close_gap() || !self.write(event) {
            let lost = event.count.unwrap_or(1);
            self.shared.lost.fetch_add(lost, Ordering::Relaxed);
        }
    }

    /// Says how many events are missing, as soon as that can be written; false while it cannot.
    fn close_gap(&mut self) -> bool {
        if self.shared.lost.load(Ordering::Relaxed) == 0 {
            return true;
        }
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        let gap = SecurityEvent::new(EventKind::Gap).count(lost);
        let is_said = self.write(&self.dated(gap));
        match is_said {
            true => self.gap = Some(Instant::now()),
            false => {
                self.shared.lost.fetch_add(lost, Ordering::Relaxed);
            }
        }
        is_said
    }

    fn dated(&self, mut event: SecurityEvent) -> SecurityEvent {
        event.time = self.shared.now();
        event
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
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open()?,
        };
        let (mut line, mut link) = self.last.next(event)?;
        if open.length > 0 && open.length + line.len() as u64 > self.kept.file_bytes {
            open = self.turn_over(open)?;
            (line, link) = self.last.next(event)?;
        }
        open.append(&line)?;
        open.first.get_or_insert(link.sequence);
        self.last = link;
        self.unsynced.get_or_insert_with(Instant::now);
        self.open = Some(open);
        Ok(())
    }

    /// Opens the file at its end, on a line of its own, and finds the line that the next one follows.
    fn open(&mut self) -> io::Result<Open> {
        if let Some(directory) = self.path.parent() {
            platform::create_private_directory(directory)?;
        }
        let mut file = platform::create_private(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a plain file"));
        }
        platform::make_private(&file)?;
        let end = End::read(&mut file)?;
        let mut open = Open {
            length: file.metadata()?.len(),
            first: files::first(&mut file)?,
            file,
        };
        if open.first.is_none() && matches!(end.last, Last::Foreign(_)) && self.was_never_tied()? {
            let aside = files::unchained(&self.path);
            fs::rename(&self.path, &aside)?;
            tracing::warn!(kept_as = %aside.display(), "the security log was of a version without a chain; a new one begins");
            return self.open();
        }
        let cut_off = self.find_place(&end.last, open.first)?;
        if open.length > 0 && end.whole == open.length && !files::ends_a_line(&mut open.file)? {
            open.append(b"\n")?;
        }
        if end.whole < open.length {
            // Half a line is worse than none, and was never synced.
            open.file.set_len(end.whole)?;
            let cut = open.length - end.whole;
            open.length = end.whole;
            let reason =
                format!("the log ended in the middle of a line, of which {cut} bytes were here");
            self.append(&mut open, SecurityEvent::new(EventKind::Gap).reason(reason))?;
        }
        if let Some(found) = cut_off {
            let known = self.last.sequence;
            let reason = format!(
                "the security log ends with line {found}, and went up to line {known}: somebody cut it off"
            );
            tracing::error!(path = %self.path.display(), "{reason}");
            let alarm = SecurityEvent::new(EventKind::Alarm).reason(reason);
            self.append(&mut open, alarm)?;
        }
        Ok(open)
    }

    /// The line that the next one follows. Opened again after a failure, the log goes on where this process was; at a start, where its file
    /// ends, or after what `log.head` says, if that is more: then the sequence that the file ends with.
    fn find_place(&mut self, last: &Last, first: Option<u64>) -> io::Result<Option<u64>> {
        if self.last != Link::NONE {
            return Ok(None);
        }
        let found = match *last {
            Last::Line(last) => last,
            Last::None => self.earlier()?,
            Last::Foreign(digest) => Link {
                digest,
                ..self.earlier()?
            },
        };
        let head = self.head();
        let full = files::all_full(&self.path)?;
        let oldest = full.first().map(|file| file.first).or(first);
        self.first = head.as_ref().map(|head| head.first).or(oldest);
        self.last = found;
        let cut_off = head.filter(|head| head.last.sequence > found.sequence);
        Ok(cut_off.map(|head| {
            self.last = head.last;
            found.sequence
        }))
    }

    /// Whether nothing says that there ever was a chain.
    fn was_never_tied(&self) -> io::Result<bool> {
        let is_new = self.last == Link::NONE && self.head().is_none();
        Ok(is_new && files::all_full(&self.path)?.is_empty())
    }

    /// A line of the log's own.
    fn append(&mut self, open: &mut Open, event: SecurityEvent) -> io::Result<()> {
        let event = self.dated(event);
        self.shared.alarm(&event);
        let (line, link) = self.last.next(&event)?;
        open.append(&line)?;
        open.first.get_or_insert(link.sequence);
        self.last = link;
        Ok(())
    }

    /// The last line of the log where its file is new.
    fn earlier(&self) -> io::Result<Link> {
        if let Some(FullFile { path, .. }) = files::all_full(&self.path)?.last()
            && let Last::Line(last) = End::read(&mut platform::open_without_links(path)?)?.last
        {
            return Ok(last);
        }
        Ok(Link::NONE)
    }

    /// What the log was as of a moment before its end; one that cannot be read is none, and is found by who verifies.
    fn head(&self) -> Option<Head> {
        Head::read(&self.path).ok().flatten()
    }

    /// Puts the file that is full aside, and begins another.
    fn turn_over(&mut self, open: Open) -> io::Result<Open> {
        open.file.sync_data()?;
        let first = open.first.unwrap_or(self.last.sequence);
        fs::rename(&self.path, files::full(&self.path, first))?;
        drop(open);
        let full = files::all_full(&self.path)?;
        let over = full.len().saturating_sub(self.kept.full_files);
        if over > 0 {
            let next = self.last.sequence + 1;
            self.first = Some(full.get(over).map_or(next, |file| file.first));
            // Before they go: nobody misses lines that `log.head` does not say are kept.
            self.tell_head();
        }
        for FullFile { path, .. } in &full[..over] {
            fs::remove_file(path)?;
        }
        let open = self.open()?;
        self.tell_head();
        Ok(open)
    }

    fn sync(&mut self) {
        self.unsynced = None;
        self.keep_counted();
        if let Some(Err(error)) = self.open.as_ref().map(|open| open.file.sync_data()) {
            self.give_up_for_now(&error);
        }
    }

    /// Says up to where the log goes, where that is not said yet: beside it, and in the host's own log, which the system's journal
    /// takes.
    fn tell_head(&mut self) {
        let last = self.last;
        let head = Head {
            last,
            first: self.first.unwrap_or(1),
        };
        let is_news = self.told.as_ref().is_none_or(|(told, _)| *told != head);
        self.told = Some((head.clone(), Instant::now()));
        if !is_news || last == Link::NONE {
            return;
        }
        self.sync();
        if let Err(error) = head.write(&self.path, self.shared.now()) {
            tracing::warn!(%error, "cannot say in log.head up to where the security log goes");
        }
        tracing::info!(count = last.sequence, head = %last.digest, "the security log goes up to here");
    }

    fn give_up_for_now(&mut self, error: &io::Error) {
        if self.retry.is_none() {
            let path = self.path.display();
            let reason = format!("cannot write the security log: {error}");
            let alarm = SecurityEvent::new(EventKind::Alarm).reason(reason);
            self.shared.alarm(&self.dated(alarm));
            tracing::error!(%path, %error, "cannot write the security log; events are counted until it works again");
        }
        self.open = None;
        self.retry = Some(Instant::now() + RETRY);
    }
}

impl Open {
    /// All of it, or none.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(line) {
            // Half a line is worse than none. Should this fail too, opening the file mends it.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::Value;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the time does not matter")]
    fn that_events_are_missing_is_said_once_a_second_and_before_what_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("security.log");
        let shared = Arc::new(Shared::new(Arc::new(Timestamp::now)));
        let mut writer = Writer::new(path.clone(), Kept::default(), Arc::clone(&shared));
        let lines = || -> Vec<Value> {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            lines.collect()
        };
        let started = Instant::now();
        for _ in 0..1_000 {
            shared.lost.fetch_add(1, Ordering::Relaxed);
            writer.keep_up();
        }
        let most = 1 + started.elapsed().as_secs();
        assert!((1..=most).contains(&(lines().len() as u64)), "{most}");

        writer.put(&SecurityEvent::new(EventKind::Alarm));
        let mut lines = lines();
        assert_eq!(lines.pop().unwrap()["event"], "alarm");
        assert!(lines.iter().all(|line| line["event"] == "gap"));
        let missing = lines.iter().map(|line| line["count"].as_u64().unwrap());
        assert_eq!(missing.sum::<u64>(), 1_000);
    }
}
