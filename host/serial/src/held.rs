//! A line held for several steps.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::LineError;
use crate::exchange::{Exchange, Framing};
use crate::queue::{Errand, Step};
use crate::shared::Shared;

/// A line held for several exchanges, as for a reply whose first byte tells how long it is.
///
/// Bytes after a reply's end are kept for the next [`Held::read`]. Once the hold ran out everything fails with
/// [`LineError::Expired`]; a step under way at that moment is cut. Dropping it releases the line.
pub struct Held {
    shared: Arc<Shared>,
    id: u64,
    errand: Errand,
}

impl Held {
    /// Everything done in it is on the terms of the one who asked for it.
    pub(crate) fn new(shared: Arc<Shared>, id: u64, asked: Errand) -> Held {
        let errand = Errand {
            hold: Some(id),
            ..asked
        };
        Held { shared, id, errand }
    }

    /// Discards what came unasked, writes, then reads one reply.
    pub async fn exchange(&self, exchange: Exchange) -> Result<Vec<u8>, LineError> {
        self.step(Step::Exchange(exchange)).await
    }

    /// Writes at most [`MAX_REQUEST`](crate::MAX_REQUEST) bytes and discards nothing.
    pub async fn write(&self, bytes: Vec<u8>) -> Result<(), LineError> {
        self.step(Step::Write(bytes)).await.map(drop)
    }

    /// Reads on. Fails with [`LineError::Stopped`] where a stop went out after what was last written here, because the
    /// reply to that may be cut.
    pub async fn read(&self, reply: Framing, timeout: Duration) -> Result<Vec<u8>, LineError> {
        self.step(Step::Read(reply, timeout)).await
    }

    /// Lets the others have the line, as dropping it does.
    pub fn release(self) {}

    async fn step(&self, step: Step) -> Result<Vec<u8>, LineError> {
        self.shared.step(self.errand.clone(), step).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.release(self.id);
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("line", &self.shared.name())
            .finish_non_exhaustive()
    }
}
