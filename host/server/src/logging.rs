//! What the host says about itself: lines with colours on a terminal, JSON lines otherwise, on standard error.
//!
//! A thread of its own writes them, from a bounded queue: who logs never waits, and what does not fit is counted
//! and the count is logged. Other crates' events are kept from `warn` on, whatever the level, because a library of
//! sockets would show at `trace` what clients send, and that is where tokens are.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::ConfigError;

/// The variable that sets the level.
pub const VARIABLE: &str = "SLEWGATE_LOG";

/// Lines that may wait for a slow terminal or disk.
const QUEUE: usize = 4_096;
/// A longer line is cut, in bytes.
const LONGEST_LINE: usize = 16 * 1024;
/// How long the end of the program waits for the last lines.
const PATIENCE: Duration = Duration::from_secs(1);

/// The running log. Dropping it waits, for a moment, until what was logged is written.
pub struct Logging {
    queue: SyncSender<Message>,
}

enum Message {
    Line(Vec<u8>),
    /// Everything before was written when the sender is dropped.
    Written(#[expect(dead_code, reason = "held, then dropped")] Sender<()>),
}

/// Where events are written: the entrance of the queue.
#[derive(Clone)]
struct Lines {
    queue: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

/// Starts the log of this process at the level of [`VARIABLE`], which is `level` here.
///
/// # Errors
/// When `level` is none.
pub fn start(level: Option<&str>) -> Result<Logging, ConfigError> {
    let level = level_of(level)?;
    let terminal = io::stderr().is_terminal();
    let (queue, waiting) = sync_channel(QUEUE);
    let lines = Lines {
        queue: queue.clone(),
        lost: Arc::default(),
    };
    let lost = Arc::clone(&lines.lost);
    // Without the thread there is no log, but a host: a mount can still be stopped.
    let _ = thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || {
            write(&waiting, &lost, terminal, io::stderr());
        });
    let layer = fmt::layer().with_writer(lines);
    let layer = if terminal {
        layer
            .with_ansi(std::env::var_os("NO_COLOR").is_none())
            .boxed()
    } else {
        layer.json().flatten_event(true).boxed()
    };
    let foreign = level.min(LevelFilter::WARN);
    let wanted = Targets::new()
        .with_default(foreign)
        .with_target("slewgate", level);
    // A second start in one process keeps the first subscriber.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(wanted))
        .try_init();
    Ok(Logging { queue })
}

fn level_of(text: Option<&str>) -> Result<LevelFilter, ConfigError> {
    match text.unwrap_or("info").to_ascii_lowercase().as_str() {
        "error" => Ok(LevelFilter::ERROR),
        "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        other => {
            let sentence =
                format!("{other:?} is no level; it is error, warn, info, debug or trace");
            Err(ConfigError::new(VARIABLE, sentence))
        }
    }
}

/// Writes what waits until nobody can log any more.
fn write(waiting: &Receiver<Message>, lost: &AtomicU64, terminal: bool, mut to: impl Write) {
    for message in waiting {
        let Message::Line(line) = message else {
            continue;
        };
        // There is no other place to say that this one cannot be written.
        let _ = to.write_all(&line);
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = to.write_all(gap(lost, terminal).as_bytes());
        }
    }
}

fn gap(lost: u64, terminal: bool) -> String {
    if terminal {
        format!("{lost} lines of the log were lost\n")
    } else {
        format!(
            "{{\"level\":\"WARN\",\"message\":\"lines of the log were lost\",\"count\":{lost}}}\n"
        )
    }
}

impl Write for Lines {
    /// Takes one whole event.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut kept = line[..line.len().min(LONGEST_LINE)].to_vec();
        if kept.len() < line.len() {
            kept.push(b'\n');
        }
        if self.queue.try_send(Message::Line(kept)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let (pending, written) = channel();
        let end = Instant::now() + PATIENCE;
        let mut message = Message::Written(pending);
        while let Err(refused) = self.queue.try_send(message) {
            let std::sync::mpsc::TrySendError::Full(back) = refused else {
                return;
            };
            if Instant::now() > end {
                return;
            }
            message = back;
            thread::sleep(Duration::from_millis(1));
        }
        let _ = written.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bound: usize) -> (Lines, Receiver<Message>) {
        let (queue, waiting) = sync_channel(bound);
        (
            Lines {
                queue,
                lost: Arc::default(),
            },
            waiting,
        )
    }

    /// What the writing thread makes of all that waits.
    fn written(lines: Lines, waiting: &Receiver<Message>) -> String {
        let lost = Arc::clone(&lines.lost);
        drop(lines);
        let mut text = Vec::new();
        write(waiting, &lost, true, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_full_queue_loses_lines_and_says_how_many() {
        let (mut log, waiting) = lines(2);
        for line in ["one\n", "two\n", "three\n", "four\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(
            written(log, &waiting),
            "one\n2 lines of the log were lost\ntwo\n"
        );
    }

    #[test]
    fn a_line_over_its_bound_is_cut() {
        let (mut log, waiting) = lines(1);
        log.write_all(&vec![b'a'; LONGEST_LINE + 1]).unwrap();
        let text = written(log, &waiting);
        assert_eq!(
            (text.len(), text.ends_with("a\n")),
            (LONGEST_LINE + 1, true)
        );
    }

    #[test]
    fn the_level_is_one_of_five_words() {
        assert_eq!(level_of(None).unwrap(), LevelFilter::INFO);
        assert_eq!(level_of(Some("Debug")).unwrap(), LevelFilter::DEBUG);
        assert_eq!(
            level_of(Some("loud")).unwrap_err().to_string(),
            "SLEWGATE_LOG: \"loud\" is no level; it is error, warn, info, debug or trace"
        );
    }
}
