//! WASI as a plugin gets it: nothing but its output, which goes to the log line by line, bounded in length and rate.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use crate::allowed::Looked;

/// Longest line of output; what is longer is cut into several.
const MAX_LINE: usize = 500;

/// Lines that one instance may write in a second; the rest is counted.
const LINES_A_SECOND: u32 = 20;

/// Bytes of random numbers for one call.
const MAX_RANDOM: u64 = 64 * 1024;

/// No files, sockets, environment or arguments. `looked` hears of each word of output.
pub(crate) fn context(plugin: &str, looked: &Looked) -> WasiCtxBuilder {
    let log = Log {
        plugin: plugin.to_owned(),
        looked: looked.clone(),
    };
    let mut context = WasiCtx::builder();
    context
        .stdout(log.clone())
        .stderr(log)
        .max_random_size(MAX_RANDOM)
        .allow_tcp(false)
        .allow_udp(false);
    context
}

#[derive(Clone)]
struct Log {
    plugin: String,
    looked: Looked,
}

impl IsTerminal for Log {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Log {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Lines {
            plugin: self.plugin.clone(),
            looked: self.looked.clone(),
            pending: Vec::new(),
            since: Instant::now(),
            written: 0,
            dropped: 0,
        })
    }
}

/// Cuts output into lines.
struct Lines {
    plugin: String,
    looked: Looked,
    pending: Vec<u8>,
    since: Instant,
    written: u32,
    dropped: u32,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) {
        self.looked.note();
        for &byte in bytes {
            if byte != b'\n' {
                self.pending.push(byte);
            }
            if byte == b'\n' || self.pending.len() >= MAX_LINE {
                self.flush_line();
            }
        }
    }

    fn flush_line(&mut self) {
        let line = std::mem::take(&mut self.pending);
        if self.since.elapsed() >= Duration::from_secs(1) {
            (self.since, self.written) = (Instant::now(), 0);
        }
        if self.written >= LINES_A_SECOND {
            self.dropped += 1;
            return;
        }
        self.written += 1;
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            tracing::warn!(
                plugin = self.plugin,
                dropped,
                "the plugin writes too much; lines were dropped"
            );
        }
        tracing::info!(
            plugin = self.plugin,
            "{}",
            String::from_utf8_lossy(&line).escape_debug()
        );
    }
}

impl AsyncWrite for Lines {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            self.flush_line();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_output_is_counted_and_not_written() {
        let mut lines = Lines {
            plugin: "p".into(),
            looked: Looked::default(),
            pending: vec![],
            since: Instant::now(),
            written: 0,
            dropped: 0,
        };
        lines.take("x\n".repeat(100).as_bytes());
        assert_eq!(lines.written, LINES_A_SECOND);
        assert_eq!(lines.dropped, 100 - LINES_A_SECOND);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let mut lines = Lines {
            plugin: "p".into(),
            looked: Looked::default(),
            pending: vec![],
            since: Instant::now(),
            written: 0,
            dropped: 0,
        };
        lines.take(&[b'x'; MAX_LINE * 2 + 1]);
        assert_eq!((lines.written, lines.pending.len()), (2, 1));
    }
}
