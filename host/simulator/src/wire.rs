//! What went over the line, for whoever watches: tests, and people who write a handler.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A command that the mount received, and what it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Counts from 1 for the life of the mount.
    pub number: u64,
    /// When it was received.
    pub at: Instant,
    /// As it was on the wire, without spaces: `:GR#`, `#`, or the byte 0x06. Each byte is the character of that number.
    pub request: String,
    /// The bytes of the answer; often none.
    pub reply: Vec<u8>,
}

/// The newest frames. Clones look at the same ones.
#[derive(Clone, Debug, Default)]
pub struct Wire(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    log: Mutex<Log>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct Log {
    frames: VecDeque<Frame>,
    received: u64,
}

/// How many frames are kept.
const MAX_FRAMES: usize = 4096;

impl Wire {
    /// The frames that are kept, oldest first.
    pub fn frames(&self) -> Vec<Frame> {
        self.log().frames.iter().cloned().collect()
    }

    /// The number of the newest frame; 0 before the first.
    pub fn received(&self) -> u64 {
        self.log().received
    }

    /// The first frame, of those kept and those to come, that a test is true for. None: not within `patience`.
    /// Blocks the thread.
    pub fn wait_for(&self, wanted: impl Fn(&Frame) -> bool, patience: Duration) -> Option<Frame> {
        let until = Instant::now() + patience;
        let mut log = self.log();
        loop {
            if let Some(frame) = log.frames.iter().find(|frame| wanted(frame)) {
                return Some(frame.clone());
            }
            let left = until.checked_duration_since(Instant::now())?;
            (log, _) = self
                .0
                .grown
                .wait_timeout(log, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn record(&self, request: String, reply: &[u8]) {
        let mut log = self.log();
        log.received += 1;
        if log.frames.len() == MAX_FRAMES {
            log.frames.pop_front();
        }
        let frame = Frame {
            number: log.received,
            at: Instant::now(),
            request,
            reply: reply.to_vec(),
        };
        log.frames.push_back(frame);
        drop(log);
        self.0.grown.notify_all();
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
