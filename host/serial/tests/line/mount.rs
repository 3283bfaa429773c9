//! The other end of the line: a pseudo-terminal played by the test, and the line that opens it.

use std::future::{Future, ready};
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Token};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use slewgate_serial::{
    Address, Exchange, Framing, Guard, Line, LineSettings, LineState, StopSequence,
};
use tempfile::TempDir;

/// For everything that has to happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Where a line looks for its device: a link, as of a device that comes back under another number.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn device(&self) -> PathBuf {
        self.folder.path().join("mount")
    }

    pub(crate) fn settings(&self) -> LineSettings {
        LineSettings {
            name: "east".to_owned(),
            device: Address::Serial(self.device().display().to_string()),
            baud: 9600,
            quiet: Duration::ZERO,
        }
    }

    /// Starts a line that finds what is in this place.
    pub(crate) fn line(&self) -> Line {
        Line::start(self.settings()).unwrap()
    }

    /// Connects a mount, in the place of the one before.
    pub(crate) fn connect(&self) -> Mount {
        let mount = Mount::new();
        let _ = std::fs::remove_file(self.device());
        symlink(&mount.path, self.device()).unwrap();
        mount
    }
}

pub(crate) struct Mount {
    master: OwnedFd,
    path: String,
    poll: mio::Poll,
    heard: Vec<u8>,
}

impl Mount {
    fn new() -> Mount {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        fcntl_setfl(&master, fcntl_getfl(&master).unwrap() | OFlags::NONBLOCK).unwrap();
        let poll = mio::Poll::new().unwrap();
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry()
            .register(&mut SourceFd(&master.as_raw_fd()), Token(0), interest)
            .unwrap();
        Mount {
            master,
            path,
            poll,
            heard: Vec::new(),
        }
    }

    /// The next bytes from the line are these.
    #[track_caller]
    pub(crate) fn hears(&mut self, expected: &str) {
        let heard = self.hears_bytes(expected.len());
        assert_eq!(
            String::from_utf8_lossy(&heard),
            expected,
            "then came {:?}",
            String::from_utf8_lossy(&self.heard)
        );
    }

    #[track_caller]
    pub(crate) fn hears_bytes(&mut self, count: usize) -> Vec<u8> {
        let deadline = Instant::now() + DEADLINE;
        while self.heard.len() < count {
            let heard = String::from_utf8_lossy(&self.heard).into_owned();
            assert!(self.listen(deadline), "heard no more than {heard:?}");
        }
        self.heard.drain(..count).collect()
    }

    /// Everything up to and with the first of these.
    #[track_caller]
    pub(crate) fn hears_until(&mut self, last: &str) -> Vec<u8> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let found = self
                .heard
                .windows(last.len())
                .position(|window| window == last.as_bytes());
            if let Some(start) = found {
                return self.heard.drain(..start + last.len()).collect();
            }
            assert!(
                self.listen(deadline),
                "{last:?} did not come in {} bytes",
                self.heard.len()
            );
        }
    }

    /// Nothing more comes for this long.
    #[track_caller]
    pub(crate) fn hears_nothing_for(&mut self, time: Duration) {
        let heard = self.listen(Instant::now() + time);
        assert!(
            !heard && self.heard.is_empty(),
            "heard {:?}",
            String::from_utf8_lossy(&self.heard)
        );
    }

    pub(crate) fn says(&mut self, bytes: &str) {
        let mut rest = bytes.as_bytes();
        while !rest.is_empty() {
            match rustix::io::write(&self.master, rest) {
                Ok(written) => rest = &rest[written..],
                Err(rustix::io::Errno::AGAIN) => self.wait(Instant::now() + DEADLINE),
                Err(error) => panic!("the mount cannot speak: {error}"),
            }
        }
    }

    /// Listens until something came, and says whether it did before `deadline`. A line that is not open says nothing.
    pub(crate) fn listen(&mut self, deadline: Instant) -> bool {
        let mut chunk = [0; 4096];
        loop {
            match rustix::io::read(&self.master, &mut chunk) {
                Ok(count) if count > 0 => {
                    self.heard.extend_from_slice(&chunk[..count]);
                    return true;
                }
                _ if Instant::now() >= deadline => return false,
                _ => self.wait(deadline.min(Instant::now() + Duration::from_millis(50))),
            }
        }
    }

    pub(crate) fn take_heard(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.heard)
    }

    fn wait(&mut self, deadline: Instant) {
        let timeout = deadline.saturating_duration_since(Instant::now());
        let waited = self.poll.poll(&mut Events::with_capacity(4), Some(timeout));
        assert!(waited.is_ok() || waited.unwrap_err().kind() == ErrorKind::Interrupted);
    }
}

/// A line, open on a mount.
pub(crate) fn connected() -> (Place, Mount, Line) {
    let place = Place::new();
    let mount = place.connect();
    let line = place.line();
    reaches(&line, |state| matches!(state, LineState::Open { .. }));
    (place, mount, line)
}

/// Waits for a state of the line.
pub(crate) fn reaches(line: &Line, wanted: impl Fn(&LineState) -> bool) -> LineState {
    let mut state = line.state();
    within(async move { state.wait_for(|state| wanted(state)).await.unwrap().clone() })
}

/// Runs a future to its end, which has to come.
#[track_caller]
pub(crate) fn within<T>(future: impl Future<Output = T>) -> T {
    soon(DEADLINE, future).expect("did not end in time")
}

/// Runs a future for at most this long.
pub(crate) fn soon<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(limit, future).await.ok() })
}

/// Begins a future, so that what it asks for stands in the queue before anything else happens.
pub(crate) fn begun<'a, T: Send + 'a>(future: impl Future<Output = T> + Send + 'a) -> Begun<'a, T> {
    let mut future: Begun<'a, T> = Box::pin(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => Box::pin(ready(value)),
        Poll::Pending => future,
    }
}

pub(crate) type Begun<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An exchange whose reply ends with `#`.
pub(crate) fn ask(request: &str) -> Exchange {
    Exchange {
        request: request.into(),
        reply: Framing::Until(b'#'),
        timeout: DEADLINE,
    }
}

/// The same, with little time for its reply.
pub(crate) fn ask_briefly(request: &str) -> Exchange {
    Exchange {
        timeout: Duration::from_millis(20),
        ..ask(request)
    }
}

/// An exchange without a reply.
pub(crate) fn tell(request: &str) -> Exchange {
    Exchange {
        reply: Framing::None,
        ..ask(request)
    }
}

/// A stop without replies.
pub(crate) fn stop(request: &str, patience: Duration) -> StopSequence {
    StopSequence {
        exchanges: vec![tell(request)],
        patience,
    }
}

/// Of a request that is read now.
pub(crate) fn write(line: &Line) -> Guard {
    Guard::Write(line.stop_count())
}
