//! WASI as a plugin gets it: nothing but its output, which goes to the log line by line, bounded in length and rate.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use crate::allowed::Looked;
use crate::powers::printed::Printed;
use crate::standing::Standing;

/// Longest line of output; what is longer is cut into several.
const MAX_LINE: usize = 500;

/// Bytes of random numbers for one call.
const MAX_RANDOM: u64 = 64 * 1024;

/// No files, sockets, environment or arguments. `looked` hears of each word of output, and `printed` of each line.
pub(crate) fn context(
    plugin: &str,
    looked: &Looked,
    standing: &Arc<Standing>,
    printed: &Printed,
) -> WasiCtxBuilder {
    let log = Log {
        plugin: plugin.to_owned(),
        looked: looked.clone(),
        standing: Arc::clone(standing),
        printed: printed.clone(),
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

/// How many lines or events a plugin may cause in a second; the rest is counted.
#[derive(Debug)]
pub(crate) struct Rate {
    most: u32,
    second: Mutex<Second>,
}

/// The newest second in which anything came.
#[derive(Debug)]
struct Second {
    since: Instant,
    written: u32,
    dropped: u64,
}

impl Rate {
    pub(crate) fn new(most: u32) -> Rate {
        let second = Second {
            since: Instant::now(),
            written: 0,
            dropped: 0,
        };
        Rate {
            most,
            second: Mutex::new(second),
        }
    }

    /// One more line. None: it is one too many; otherwise how many were since the last that was none.
    pub(crate) fn take(&self, now: Instant) -> Option<u64> {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(second.since) >= Duration::from_secs(1) {
            (second.since, second.written) = (now, 0);
        }
        if second.written >= self.most {
            second.dropped += 1;
            return None;
        }
        second.written += 1;
        Some(std::mem::take(&mut second.dropped))
    }

    /// How many were too many since the last that was none.
    #[cfg(test)]
    pub(crate) fn dropped(&self) -> u64 {
        self.second.lock().unwrap().dropped
    }
}

#[derive(Clone)]
struct Log {
    plugin: String,
    looked: Looked,
    standing: Arc<Standing>,
    printed: Printed,
}

impl IsTerminal for Log {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Log {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Lines {
            log: self.clone(),
            pending: Vec::new(),
        })
    }
}

/// Cuts output into lines.
struct Lines {
    log: Log,
    pending: Vec<u8>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) {
        self.log.looked.note();
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
        let line = String::from_utf8_lossy(&line);
        let Log {
            plugin, standing, ..
        } = &self.log;
        // Before they are counted: the last line of many is the one that says why.
        let heard = [Some(&self.log.printed), standing.printed.as_ref()];
        heard.into_iter().flatten().for_each(|it| it.note(&line));
        if standing.may_log(plugin) {
            tracing::info!(plugin, "{}", line.escape_debug());
        }
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
    use crate::limits::Limits;

    #[test]
    fn a_flood_of_output_is_counted_and_not_written() {
        let (rate, now) = (Rate::new(20), Instant::now());
        let written = (0..100).filter(|_| rate.take(now).is_some()).count();
        assert_eq!(written, 20);
        let later = now + Duration::from_secs(1);
        assert_eq!([rate.take(later), rate.take(later)], [Some(80), Some(0)]);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let standing = Arc::new(Standing::new(Limits::handler()));
        let mut lines = Lines {
            log: Log {
                plugin: "p".into(),
                looked: Looked::default(),
                standing: Arc::clone(&standing),
                printed: Printed::default(),
            },
            pending: vec![],
        };
        lines.take(&[b'x'; MAX_LINE * 2 + 1]);
        assert_eq!(lines.pending.len(), 1);
        assert_eq!(standing.log.second.lock().unwrap().written, 2);
    }
}
