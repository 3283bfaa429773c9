//! Whole frames that go out past the WebSocket library, so that one frame is framed once however many get it: the library
//! would copy it for each of them.

use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Bytes;

use super::activity::Activity;

/// What is to go out next. One who writes hands frames in here; the stream under the library sends them.
#[derive(Debug)]
pub(crate) struct Splice {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rest: Bytes,
    /// The peer did not take what was offered last.
    refused: bool,
    taken: Instant,
}

impl Default for Splice {
    fn default() -> Splice {
        Splice {
            state: Mutex::new(State {
                rest: Bytes::new(),
                refused: false,
                taken: Instant::now(),
            }),
        }
    }
}

impl Splice {
    /// Hands in a whole frame, which goes out with the next flush. Only between frames: when the library has been flushed,
    /// and the frame before is out.
    pub(crate) fn put(&self, frame: Bytes) {
        let mut state = self.state();
        debug_assert!(state.rest.is_empty());
        state.rest = frame;
    }

    /// When the peer last took a byte of a frame.
    pub(crate) fn taken(&self) -> Instant {
        self.state().taken
    }

    /// Writes what was handed in, to its last byte. A peer that takes bytes after it was full is alive: it has acknowledged
    /// some, however long its answer to a ping has to wait behind them.
    pub(crate) fn poll_out<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        activity: &Activity,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.state();
        while !state.rest.is_empty() {
            let written = match Pin::new(&mut *stream).poll_write(context, &state.rest) {
                Poll::Pending => {
                    state.refused = true;
                    return Poll::Pending;
                }
                written => ready!(written)?,
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            state.rest = state.rest.split_off(written);
            state.taken = Instant::now();
            if std::mem::take(&mut state.refused) {
                activity.heard();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before its guard goes, so a poisoned state is still a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
