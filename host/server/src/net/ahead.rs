//! A stream of which somebody has read more than was his.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Gives back first what was read ahead.
#[derive(Debug)]
pub(crate) struct Ahead<S> {
    read: Bytes,
    inner: S,
}

impl<S> Ahead<S> {
    pub(crate) fn new(read: Bytes, inner: S) -> Ahead<S> {
        Ahead { read, inner }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Ahead<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            return Pin::new(&mut self.inner).poll_read(context, buffer);
        }
        let length = self.read.len().min(buffer.remaining());
        buffer.put_slice(&self.read.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Ahead<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn what_was_read_ahead_comes_first_and_nothing_is_lost() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut stream = Ahead::new(Bytes::from_static(b"first "), ours);
        theirs.write_all(b"second").await.unwrap();
        let mut read = [0; 12];
        stream.read_exact(&mut read[..4]).await.unwrap();
        stream.read_exact(&mut read[4..]).await.unwrap();
        assert_eq!(&read, b"first second");
        stream.write_all(b"answer").await.unwrap();
        theirs.read_exact(&mut read[..6]).await.unwrap();
        assert_eq!(&read[..6], b"answer");
    }
}
