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

/// Bytes that are offered at once to a peer that was full: one that takes a kilobyte a second is seen to take some.
const SMALLEST_BITE: usize = 2 * 1024;

/// Bytes that are offered at once to a peer that took frame after frame as they came.
const LARGEST_BITE: usize = 64 * 1024;

/// What is to go out next. One who writes hands frames in here; the stream under the library sends them.
#[derive(Debug)]
pub(crate) struct Splice {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rest: Bytes,
    /// Bytes that are offered at once.
    bite: usize,
    /// The peer did not take what was offered last.
    refused: bool,
    taken: Instant,
}

impl Default for Splice {
    fn default() -> Splice {
        Splice {
            state: Mutex::new(State {
                rest: Bytes::new(),
                bite: SMALLEST_BITE,
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
            let bite = state.bite.min(state.rest.len());
            let written = match Pin::new(&mut *stream).poll_write(context, &state.rest[..bite]) {
                Poll::Pending => {
                    state.refused = true;
                    state.bite = SMALLEST_BITE;
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
            if state.rest.is_empty() {
                state.bite = LARGEST_BITE.min(state.bite * 2);
            }
        }
        Poll::Ready(Ok(()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before its guard goes, so a poisoned state is still a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};

    fn poll(splice: &Splice, stream: &mut DuplexStream, activity: &Activity) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        match splice.poll_out(stream, activity, &mut context) {
            Poll::Ready(sent) => sent.is_ok(),
            Poll::Pending => false,
        }
    }

    fn frame(length: usize) -> Bytes {
        Bytes::from((0..length).map(|at| (at % 251) as u8).collect::<Vec<_>>())
    }

    #[tokio::test]
    async fn a_frame_goes_out_to_its_last_byte_however_little_is_taken() {
        let (mut ours, mut theirs) = duplex(1_000);
        let (splice, activity) = (Splice::default(), Activity::new());
        let sent = frame(100_000);
        splice.put(sent.clone());
        let mut received = Vec::new();
        while !poll(&splice, &mut ours, &activity) {
            let mut some = [0; 700];
            let read = theirs.read(&mut some).await.unwrap();
            received.extend_from_slice(&some[..read]);
        }
        let mut rest = vec![0; sent.len() - received.len()];
        theirs.read_exact(&mut rest).await.unwrap();
        received.extend(rest);
        assert!(received == sent);
    }

    #[tokio::test(start_paused = true)]
    async fn taking_after_having_been_full_is_a_sign_of_life() {
        let (mut ours, mut theirs) = duplex(1_000);
        let (splice, activity) = (Splice::default(), Activity::new());
        tokio::time::advance(Duration::from_secs(30)).await;
        splice.put(frame(3_000));
        assert!(!poll(&splice, &mut ours, &activity));
        assert_eq!(
            activity.silence().as_secs(),
            30,
            "its system had room, no more"
        );
        let full = splice.taken();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(!poll(&splice, &mut ours, &activity));
        assert_eq!(splice.taken(), full);
        theirs.read_exact(&mut [0; 500]).await.unwrap();
        assert!(!poll(&splice, &mut ours, &activity));
        assert_eq!(activity.silence().as_secs(), 0);
        assert_eq!(splice.taken(), full + Duration::from_secs(5));
    }

    #[tokio::test]
    async fn bites_grow_with_every_frame_until_the_peer_is_full() {
        let (mut ours, mut theirs) = duplex(200_000);
        let (splice, activity) = (Splice::default(), Activity::new());
        for _ in 0..8 {
            splice.put(frame(100_000));
            assert!(poll(&splice, &mut ours, &activity));
            theirs.read_exact(&mut vec![0; 100_000]).await.unwrap();
        }
        assert_eq!(splice.state().bite, LARGEST_BITE);
        splice.put(frame(300_000));
        assert!(!poll(&splice, &mut ours, &activity));
        assert_eq!(splice.state().bite, SMALLEST_BITE);
    }
}
