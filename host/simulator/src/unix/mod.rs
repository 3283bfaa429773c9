//! Pseudo-terminals of Unix: one thread owns the master's end. `ends` are the system's, `place` is where clients find
//! them, `pace` how fast bytes pass. `datagrams` is a UDP port instead.

mod datagrams;
mod ends;
mod pace;
mod place;

use crate::peer::Peer;
use crate::simulator::SimulatorError;
pub(crate) use datagrams::Datagrams;
use ends::{Ends, wait_for_waking};
use pace::Pace;
use place::Place;
use rustix::io::Errno;
use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A pseudo-terminal and the thread that serves it, until dropped.
pub(crate) struct Terminal {
    place: Arc<Place>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

/// Where its clients find it, for as long as it is there.
#[derive(Clone)]
pub(crate) struct Whereabouts(Arc<Place>);

/// Lets the thread look at its peer anew.
#[derive(Clone, Debug)]
pub(crate) struct Waker(Arc<UnixStream>);

/// What the thread has.
struct Service<P> {
    ends: Ends,
    place: Arc<Place>,
    /// It has something to read when the thread is woken, and is closed when the thread shall end.
    woken: UnixStream,
    peer: P,
    /// What the peer said and is not on the line yet.
    unsent: Vec<u8>,
    hearing: Pace,
    saying: Pace,
}

/// How many bytes are read at once.
const READ: usize = 256;

/// Replies that nobody reads are kept up to so many bytes; what comes after is lost, as on a line.
const MAX_UNSENT: usize = 4096;

impl Terminal {
    /// Opens a pseudo-terminal, links to it, and lets a thread serve the peer at its other end.
    pub(crate) fn start(
        link: Option<PathBuf>,
        baud: Option<u32>,
        peer: impl Peer,
    ) -> Result<Self, SimulatorError> {
        let (wake, woken) = waking().map_err(SimulatorError::Terminal)?;
        let (ends, device) = Ends::open().map_err(SimulatorError::Terminal)?;
        let place = Arc::new(Place::new(device, link)?);
        let service = Service {
            ends,
            place: Arc::clone(&place),
            woken,
            peer,
            unsent: Vec::new(),
            hearing: Pace::new(baud),
            saying: Pace::new(baud),
        };
        let mut terminal = Self {
            place,
            waker: Waker(Arc::new(wake)),
            thread: None,
        };
        let thread = thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || service.run());
        terminal.thread = Some(thread.map_err(SimulatorError::Terminal)?);
        Ok(terminal)
    }

    pub(crate) fn whereabouts(&self) -> Whereabouts {
        Whereabouts(Arc::clone(&self.place))
    }

    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // First, because the system gives the terminal's name to the next who opens one.
        self.place.unlink();
        // Others may have the waker still.
        let _ = self.waker.0.shutdown(Shutdown::Both);
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            let device = self.place.path();
            tracing::error!(device = %device.display(), "the simulator's thread panicked");
        }
    }
}

impl Whereabouts {
    /// What to open now.
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// Waits until the device was there so many times, once at first and once more after each absence.
    pub(crate) fn wait_for_opening(&self, number: u64, patience: Duration) -> bool {
        self.0.wait_for_opening(number, patience)
    }
}

impl Waker {
    pub(crate) fn wake(&self) {
        // One that is full wakes already, and one that is closed has nobody to wake.
        let _ = (&*self.0).write(&[0]);
    }
}

fn waking() -> io::Result<(UnixStream, UnixStream)> {
    let (wake, woken) = UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    Ok((wake, woken))
}

impl<P: Peer> Service<P> {
    /// The thread's life. It ends when it shall, or when the terminal fails.
    fn run(mut self) {
        let ended = loop {
            match self.turn() {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = ended {
            tracing::error!(%error, "the simulator lost its pseudo-terminal");
        }
    }

    /// Waits, reads, lets the peer speak, writes. False: it is time to end.
    fn turn(&mut self) -> io::Result<bool> {
        let alarms = [self.peer.next(), self.hearing.next(), self.saying.next()];
        let until = alarms.into_iter().flatten().min();
        let room = !self.unsent.is_empty() && !self.saying.limited();
        let listening = self.hearing.next().is_none();
        let Some(readable) = self.ends.wait(&self.woken, listening, room, until)? else {
            return Ok(false);
        };
        let now = Instant::now();
        if readable || !listening {
            let bytes = self.read(now)?;
            self.peer.hear(&bytes, now);
        }
        if self.peer.away(now).is_some() {
            return self.absence();
        }
        self.unsent.extend(self.peer.say(now));
        self.unsent.truncate(MAX_UNSENT);
        self.write(now)?;
        Ok(true)
    }

    /// What came over the line by now, of what the client wrote.
    fn read(&mut self, now: Instant) -> io::Result<Vec<u8>> {
        let through = self.hearing.through(now).min(READ);
        let bytes = self.ends.read(through)?;
        self.hearing.passed(bytes.len(), through);
        Ok(bytes)
    }

    /// Writes what goes over the line by now. A client that does not read holds up no line: what it has no room for is lost
    /// if bytes have a pace, and is written later if they have none.
    fn write(&mut self, now: Instant) -> io::Result<()> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        let through = self.saying.through(now);
        let ready = through.min(self.unsent.len());
        let written = self.ends.write(&self.unsent[..ready])?;
        let gone = if self.saying.limited() {
            ready
        } else {
            written
        };
        self.unsent.drain(..gone);
        self.saying.passed(gone, through);
        if self.unsent.is_empty() {
            self.saying.rest();
        }
        Ok(())
    }

    /// The device is gone, until its peer says otherwise. False: it is time to end.
    fn absence(&mut self) -> io::Result<bool> {
        self.ends.hang_up();
        while let Some(left) = self.peer.away(Instant::now()) {
            if !wait_for_waking(&self.woken, left)? {
                return Ok(false);
            }
        }
        let (ends, device) = Ends::open()?;
        self.place.move_to(device);
        // Only now does the old name become free for others.
        self.ends = ends;
        self.unsent.clear();
        self.hearing.rest();
        self.saying.rest();
        Ok(true)
    }
}

/// The count of a transfer that would have had to wait, or was interrupted, is 0.
fn now_or_never(transfer: Result<usize, Errno>) -> io::Result<usize> {
    match transfer {
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        other => Ok(other?),
    }
}
