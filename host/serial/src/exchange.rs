//! What callers ask of a line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The longest request, in bytes.
pub const MAX_REQUEST: usize = 256;

/// The longest reply, in bytes. One that grows longer without ending is [`LineError::Timeout`](crate::LineError::Timeout) at once.
pub const MAX_REPLY: usize = 4096;

/// The longest that a reply is waited for, whatever an exchange asks: a line is nobody's for longer than that.
pub const LONGEST_REPLY: Duration = Duration::from_secs(60);

/// The longest [`StopSequence::patience`], and the longest wait for a reply within one. Who accepts a sequence holds it to this.
pub const LONGEST_STOP_WAIT: Duration = Duration::from_secs(5);

/// The most exchanges of a [`StopSequence`]. Who accepts a sequence holds it to this.
pub const MAX_STOP_EXCHANGES: usize = 8;

/// Where a reply ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// After exactly this many bytes.
    Count(u32),
    /// After this byte, which is included.
    Until(u8),
}

impl Framing {
    /// Takes one reply from the front of `input` if it is complete, and leaves what comes after it.
    pub fn take_from(self, input: &mut Vec<u8>) -> Option<Vec<u8>> {
        let end = match self {
            Framing::None => 0,
            Framing::Count(count) => usize::try_from(count).ok()?,
            Framing::Until(last) => input.iter().position(|byte| *byte == last)? + 1,
        };
        (end <= input.len()).then(|| input.drain(..end).collect())
    }

    /// What is still to come after so many bytes that did not end it.
    #[must_use]
    pub fn without(self, bytes: usize) -> Framing {
        match self {
            Framing::Count(count) => {
                Framing::Count(count.saturating_sub(u32::try_from(bytes).unwrap_or(u32::MAX)))
            }
            whole => whole,
        }
    }
}

/// One request and its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// At most [`MAX_REQUEST`] bytes.
    pub request: Vec<u8>,
    /// Where the reply ends.
    pub reply: Framing,
    /// For the whole reply, from the last byte written; at most [`LONGEST_REPLY`].
    pub timeout: Duration,
}

/// How a plugin's hardware is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopSequence {
    /// Sent in this order; one without a reply does not keep the next from being sent.
    pub exchanges: Vec<Exchange>,
    /// How long to wait for an exchange under way before writing into it; zero where the hardware takes a stop at any time.
    pub patience: Duration,
}

impl StopSequence {
    /// Whether not a byte of it reaches the hardware: then it stops nothing.
    pub fn writes_nothing(&self) -> bool {
        self.exchanges.iter().all(|step| step.request.is_empty())
    }
}

/// How many stops a line was asked for. What carries an older count than its line was asked before a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StopCount(pub u64);

/// What a call that moves the hardware writes on the strength of. When its motion is ended before the call is, the warrant is
/// revoked: what the call has not begun to write by then never reaches the wire, so that no order follows the motion's ending.
#[derive(Clone, Debug, Default)]
pub struct Warrant(Arc<AtomicBool>);

impl Warrant {
    /// From here on nothing is begun on the strength of it.
    pub fn revoke(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_revoked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What a stop does to work that was asked for before it.
#[derive(Clone, Debug)]
pub enum Guard {
    /// It only waits, and is sent again where the stop cut it.
    Read,
    /// It fails with [`LineError::Stopped`](crate::LineError::Stopped) once the line's count is newer than this one.
    Write(StopCount),
    /// The same, and it fails likewise once its warrant is revoked.
    Warranted(StopCount, Warrant),
}

impl Guard {
    /// Whether a stop came after what this guards.
    pub(crate) fn is_stale(&self, current: StopCount) -> bool {
        match self {
            Guard::Read => false,
            Guard::Write(asked) => *asked < current,
            Guard::Warranted(asked, warrant) => *asked < current || warrant.is_revoked(),
        }
    }
}
