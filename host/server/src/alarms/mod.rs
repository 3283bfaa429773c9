//! Alarms, beside the security log: `[alarms]` says who hears of each, so that somebody looks who does not read logs.
//!
//! A thread of its own waits for them. Nobody who raises one waits: what does not fit into the queue is in the log alone.

mod command;
mod kinds;
mod url;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use slewgate_security::log::{SecurityEvent, SecurityLog};
use tokio::runtime::Handle;

use self::kinds::Kinds;

pub use url::{AlarmUrl, AlarmUrlError};

/// Alarms that may wait; more are in the log alone.
const QUEUE: usize = 64;
/// How often it is said that telling fails.
const AGAIN: Duration = Duration::from_secs(60);

/// Who hears of alarms.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    /// A program, with its arguments; empty: none.
    pub command: Vec<String>,
    /// Where they are posted.
    pub url: Option<AlarmUrl>,
}

/// Has each alarm of the log told, one after the other, in a thread that ends with the log. What is posted goes through `runtime`.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn start(alarms: Alarms, log: &SecurityLog, runtime: Handle) -> io::Result<()> {
    if alarms.command.is_empty() && alarms.url.is_none() {
        return Ok(());
    }
    let (tell, told) = sync_channel(QUEUE);
    log.tell_alarms(tell);
    let mut teller = Teller {
        alarms,
        runtime,
        command_fails: Failing::default(),
        url_fails: Failing::default(),
    };
    thread::Builder::new()
        .name("alarms".into())
        .spawn(move || teller.follow(&told))?;
    Ok(())
}

struct Teller {
    alarms: Alarms,
    runtime: Handle,
    command_fails: Failing,
    url_fails: Failing,
}

impl Teller {
    fn follow(&mut self, told: &Receiver<SecurityEvent>) {
        let mut kinds = Kinds::default();
        loop {
            let heard = match kinds.next() {
                Some(next) => told.recv_timeout(next.saturating_duration_since(Instant::now())),
                None => told.recv().map_err(RecvTimeoutError::from),
            };
            let now = Instant::now();
            let mut due = kinds.over(now);
            match heard {
                Ok(event) => due.extend(kinds.take(event, now)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            due.iter().for_each(|event| self.tell(event));
        }
    }

    /// Both at once, so that one that hangs does not hold up the other.
    fn tell(&mut self, event: &SecurityEvent) {
        // Text and numbers alone, so it cannot fail.
        let line = serde_json::to_string(event).unwrap_or_default();
        let Alarms { command, url } = &self.alarms;
        let posting = url.as_ref().map(|url| {
            let (url, line) = (url.clone(), line.clone());
            self.runtime.spawn(async move { url.post(line).await })
        });
        if !command.is_empty()
            && let Err(error) = command::tell(command, &line)
            && let Some(more) = self.command_fails.again(Instant::now())
        {
            tracing::error!(command = %command.join(" "), more, "[alarms] command: {error:#}");
        }
        if let Some(posting) = posting
            // A host that ends takes what is on its way along.
            && let Ok(Err(error)) = self.runtime.block_on(posting)
            && let Some(more) = self.url_fails.again(Instant::now())
        {
            tracing::error!(more, "[alarms] url: {error:#}");
        }
    }
}

/// When it was said last that telling fails, and how often it was not.
#[derive(Default)]
struct Failing {
    said: Option<Instant>,
    unsaid: u64,
}

impl Failing {
    /// How many failures went unsaid before this one; none: this one does too.
    fn again(&mut self, now: Instant) -> Option<u64> {
        let soon = |said: Instant| now.saturating_duration_since(said) < AGAIN;
        if self.said.is_some_and(soon) {
            self.unsaid += 1;
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_telling_fails_is_said_once_a_minute_with_how_often_it_was_not() {
        let (mut failing, start) = (Failing::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let said = [0, 1, 59, 60, 61, 130].map(|seconds| failing.again(at(seconds)));
        assert_eq!(said, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
