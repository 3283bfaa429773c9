//! The meter under the WebSocket library: what a peer may send, counted before the library sees it.
//!
//! It lies there because zero-length continuation frames never surface from the library's `read`,
//! and because the library's limits cannot change after the handshake while these can.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;
use super::budget::{Allowance, Exceeded, Rate};
use super::frames::FrameCounter;

/// Frames that one turn of the runtime may bring: after so many, others go first.
const FRAMES_PER_TURN: u32 = 64;

/// A stream whose incoming bytes and frames are counted against what its peer may send now.
#[derive(Debug)]
pub(crate) struct Metered<S> {
    inner: S,
    phase: Phase,
    frames: FrameCounter,
    /// Frames since the stream last let others go first.
    turn: u32,
    activity: Arc<Activity>,
}

#[derive(Debug)]
enum Phase {
    /// HTTP: bytes that may still come.
    Upgrade(usize),
    /// Frames before authentication, read one at a time.
    Guarded(Allowance),
    /// Frames after authentication.
    Rated(Rate),
}

impl<S> Metered<S> {
    /// Begins with the budget of the upgrade, in bytes.
    pub(crate) fn new(inner: S, upgrade: usize) -> Metered<S> {
        Metered {
            inner,
            phase: Phase::Upgrade(upgrade),
            frames: FrameCounter::new(),
            turn: 0,
            activity: Arc::new(Activity::new()),
        }
    }

    /// From here on come frames, within `allowance` in all. Nothing is read ahead of the frame that
    /// the library works at, so that a client that does not wait for the answer to its first
    /// message is charged for that message alone.
    pub(crate) fn guard(&mut self, allowance: Allowance) {
        self.phase = Phase::Guarded(allowance);
    }

    /// From here on the peer is known: frames within `rate`.
    pub(crate) fn admit(&mut self, rate: Rate) {
        self.phase = Phase::Rated(rate);
    }

    /// When the peer was last heard.
    pub(crate) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }

    /// The stream itself, without a meter.
    pub(crate) fn into_inner(self) -> S {
        self.inner
    }

    /// Bytes that may be read now.
    fn readable(&self) -> Result<usize, Exceeded> {
        match &self.phase {
            Phase::Upgrade(0) => Err(Exceeded::Headers),
            Phase::Upgrade(left) => Ok(*left),
            Phase::Guarded(allowance) => allowance.readable(self.frames.wanted()),
            Phase::Rated(_) => Ok(usize::MAX),
        }
    }

    /// Counts what has been read.
    fn count(&mut self, bytes: &[u8]) -> Result<(), Exceeded> {
        if let Phase::Upgrade(left) = &mut self.phase {
            *left -= bytes.len();
            return Ok(());
        }
        let frames = self.frames.pass(bytes);
        self.turn += frames;
        match &mut self.phase {
            Phase::Upgrade(_) => Ok(()),
            Phase::Guarded(allowance) => {
                allowance.spend(bytes.len(), frames, self.frames.announced())
            }
            Phase::Rated(rate) => rate.spend(bytes.len(), frames),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.turn >= FRAMES_PER_TURN {
            this.turn = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let readable = this.readable().map_err(io::Error::other)?;
        let mut part =
            ReadBuf::new(buffer.initialize_unfilled_to(readable.min(buffer.remaining())));
        std::task::ready!(Pin::new(&mut this.inner).poll_read(context, &mut part))?;
        let read = part.filled();
        if !read.is_empty() {
            this.activity.heard();
        }
        this.count(read).map_err(io::Error::other)?;
        let read = read.len();
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}
