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
use super::splice::Splice;

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
    splice: Arc<Splice>,
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
            splice: Arc::default(),
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

    /// Takes bytes that go out past the library.
    pub(crate) fn splice(&self) -> Arc<Splice> {
        Arc::clone(&self.splice)
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

/// What was spliced in goes out before anything that the library writes after it.
impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        std::task::ready!(
            this.splice
                .poll_out(&mut this.inner, &this.activity, context)
        )?;
        Pin::new(&mut this.inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        std::task::ready!(
            this.splice
                .poll_out(&mut this.inner, &this.activity, context)
        )?;
        Pin::new(&mut this.inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::limits::Limits;
    use std::num::NonZeroU32;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// A final text frame, masked with zeros.
    fn text(length: u8) -> Vec<u8> {
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend(vec![b'x'; usize::from(length)]);
        frame
    }

    /// A continuation frame with nothing in it.
    const EMPTY: [u8; 6] = [0x00, 0x80, 0, 0, 0, 0];

    fn metered() -> (Metered<DuplexStream>, DuplexStream) {
        let (ours, theirs) = duplex(64 * 1024);
        (Metered::new(ours, 8 * 1024), theirs)
    }

    fn cause(error: &io::Error) -> Exceeded {
        *error.get_ref().unwrap().downcast_ref().unwrap()
    }

    /// Reads to the end, for which there is a deadline.
    async fn drained(stream: &mut Metered<DuplexStream>) -> (usize, io::Result<()>) {
        let drained = tokio::time::timeout(Duration::from_secs(10), drain(stream));
        drained.await.expect("the stream neither ended nor was cut")
    }

    async fn drain(stream: &mut Metered<DuplexStream>) -> (usize, io::Result<()>) {
        let mut buffer = [0; 4 * 1024];
        let mut bytes = 0;
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) => return (bytes, Ok(())),
                Ok(read) => bytes += read,
                Err(error) => return (bytes, Err(error)),
            }
        }
    }

    #[tokio::test]
    async fn an_upgrade_may_have_its_bytes_and_not_one_more() {
        let (mut stream, mut peer) = metered();
        peer.write_all(&[b'a'; 9_000]).await.unwrap();
        let (bytes, end) = drained(&mut stream).await;
        assert_eq!(bytes, 8 * 1024);
        assert_eq!(cause(&end.unwrap_err()), Exceeded::Headers);
    }

    #[tokio::test]
    async fn eight_frames_come_before_authentication_and_no_ninth() {
        let (mut stream, mut peer) = metered();
        stream.guard(Allowance::unknown(&Limits::default()));
        peer.write_all(&EMPTY.repeat(9)).await.unwrap();
        let (bytes, end) = drained(&mut stream).await;
        assert_eq!(bytes, 9 * 6 - 4, "all but the rest of the ninth header");
        assert_eq!(cause(&end.unwrap_err()), Exceeded::Frames);
    }

    #[tokio::test]
    async fn four_kib_come_before_authentication_and_no_more() {
        let (mut stream, mut peer) = metered();
        stream.guard(Allowance::unknown(&Limits {
            authentication_frames: 1_000,
            ..Limits::default()
        }));
        peer.write_all(&text(100).repeat(50)).await.unwrap();
        let (bytes, end) = drained(&mut stream).await;
        assert!((4_000..=4_096).contains(&bytes), "{bytes}");
        assert_eq!(cause(&end.unwrap_err()), Exceeded::Bytes);
    }

    #[tokio::test]
    async fn a_payload_that_cannot_fit_is_refused_with_its_header() {
        let (mut stream, mut peer) = metered();
        stream.guard(Allowance::unknown(&Limits::default()));
        peer.write_all(&[0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0])
            .await
            .unwrap();
        let (bytes, end) = drained(&mut stream).await;
        assert!(bytes < 8, "the library sees no whole header");
        assert_eq!(cause(&end.unwrap_err()), Exceeded::Bytes);
    }

    #[tokio::test]
    async fn before_authentication_nothing_is_read_beyond_the_frame() {
        let (mut stream, mut peer) = metered();
        stream.guard(Allowance::unknown(&Limits::default()));
        peer.write_all(&[text(10), text(20)].concat())
            .await
            .unwrap();
        let mut buffer = [0; 4 * 1024];
        let mut bytes = 0;
        while bytes < 16 {
            bytes += stream.read(&mut buffer).await.unwrap();
        }
        assert_eq!(bytes, 16);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_empty_fragments_exceeds_the_rate() {
        let (mut stream, mut peer) = metered();
        stream.admit(Rate::known(&Limits::default()));
        peer.write_all(&EMPTY.repeat(3_000)).await.unwrap();
        let (_, end) = drained(&mut stream).await;
        assert_eq!(cause(&end.unwrap_err()), Exceeded::Rate);
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_exceed_the_rate_too() {
        let (mut stream, mut peer) = metered();
        let slow = NonZeroU32::new(10_000).unwrap();
        stream.admit(Rate::known(&Limits {
            bytes_per_second: slow,
            ..Limits::default()
        }));
        peer.write_all(&text(100).repeat(200)).await.unwrap();
        let (_, end) = drained(&mut stream).await;
        assert_eq!(cause(&end.unwrap_err()), Exceeded::Rate);
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_keeps_to_the_rate_goes_on_for_ever() {
        let (mut stream, mut peer) = metered();
        stream.admit(Rate::known(&Limits::default()));
        let mut buffer = vec![0; 2_000 * 6];
        for _ in 0..10 {
            peer.write_all(&EMPTY.repeat(2_000)).await.unwrap();
            stream.read_exact(&mut buffer).await.unwrap();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_lets_others_go_first_after_64_frames() {
        let (mut stream, mut peer) = metered();
        stream.admit(Rate::known(&Limits::default()));
        peer.write_all(&EMPTY.repeat(100)).await.unwrap();
        let woken = Arc::new(Woken::default());
        let waker = Arc::clone(&woken).into();
        let mut context = Context::from_waker(&waker);
        let mut frames = 0;
        let mut buffer = [0; 6];
        loop {
            let mut part = ReadBuf::new(&mut buffer);
            match Pin::new(&mut stream).poll_read(&mut context, &mut part) {
                Poll::Ready(Ok(())) => frames += 1,
                Poll::Ready(Err(error)) => panic!("{error}"),
                Poll::Pending => break,
            }
        }
        assert_eq!(frames, 64);
        assert!(woken.0.load(Ordering::Relaxed), "it comes back by itself");
    }
}
