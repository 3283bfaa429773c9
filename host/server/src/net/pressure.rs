//! Whether a peer takes what is written to it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep, sleep_until};

/// Since when a peer has taken not a byte of what is offered to it, if so.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    refused: Mutex<Option<Instant>>,
}

/// A stream whose [`Pressure`] is known.
#[derive(Debug)]
pub(crate) struct Pressed<S> {
    inner: S,
    pressure: Arc<Pressure>,
}

impl Pressure {
    /// Waits until the peer has taken not a byte for `patience` though there was one to take.
    pub(crate) async fn stalled(&self, patience: Duration) {
        loop {
            let since = *self.refused();
            match since {
                Some(since) if since.elapsed() >= patience => return,
                Some(since) => sleep_until(since + patience).await,
                None => sleep(patience).await,
            }
        }
    }

    fn refused(&self) -> MutexGuard<'_, Option<Instant>> {
        // It is set whole.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the peer took what it was offered just now.
    fn note(&self, is_refused: bool) {
        let mut refused = self.refused();
        match is_refused {
            true => _ = refused.get_or_insert_with(Instant::now),
            false => *refused = None,
        }
    }
}

impl<S> Pressed<S> {
    pub(crate) fn new(inner: S, pressure: Arc<Pressure>) -> Pressed<S> {
        Pressed { inner, pressure }
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Pressed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Pressed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.pressure.note(written.is_pending());
        written
    }

    /// With TLS what is written may wait here.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.pressure.note(flushed.is_pending());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_of_what_is_offered_is_stalled() {
        let (ours, _theirs) = tokio::io::duplex(4);
        let pressure = Arc::<Pressure>::default();
        let mut stream = Pressed::new(ours, Arc::clone(&pressure));
        let writing = stream.write_all(b"12345");
        let stalled = pressure.stalled(PATIENCE);
        tokio::select! {
            _ = writing => panic!("there is room for 4"),
            () = stalled => {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn neither_one_to_whom_nothing_is_offered_nor_one_who_takes_a_byte_now_and_then() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let pressure = Arc::<Pressure>::default();
        let mut stream = Pressed::new(ours, Arc::clone(&pressure));
        let quiet = timeout(PATIENCE * 10, pressure.stalled(PATIENCE)).await;
        assert!(quiet.is_err(), "nothing was offered");
        let reading = async {
            for _ in 0..20 {
                sleep(PATIENCE - Duration::from_secs(1)).await;
                theirs.read_u8().await.unwrap();
            }
        };
        tokio::select! {
            _ = stream.write_all(&[0; 64]) => panic!("it takes 24 of 64"),
            () = pressure.stalled(PATIENCE) => panic!("it takes one after the other"),
            () = reading => {}
        }
    }
}
