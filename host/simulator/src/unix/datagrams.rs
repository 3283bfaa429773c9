//! A UDP port instead of a pseudo-terminal: one thread hears datagrams and answers each to whoever sent it.

use super::ends::{hear_waking, wait};
use super::{Waker, waking};
use crate::instrument::Instrument;
use crate::line::Line;
use crate::peer::Peer;
use rustix::event::{PollFd, PollFlags};
use std::io;
use std::net::{Shutdown, SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// A port and the thread that serves it, until dropped.
pub(crate) struct Datagrams {
    address: SocketAddr,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

/// What the thread has.
struct Service<I, L> {
    socket: UdpSocket,
    woken: UnixStream,
    line: L,
    /// Those whose answer is still to come, each with the line that it comes over: a late one overtakes nobody's.
    waiting: Vec<(SocketAddr, Line<I>)>,
}

/// The longest datagram that is heard whole.
const LONGEST: usize = 512;

/// So many can wait for a late answer; those after them get none.
const MOST_WAITING: usize = 64;

impl Datagrams {
    /// Lets a thread answer at an address; `line` leads to the instrument, anew for each datagram.
    pub(crate) fn start<I: Instrument>(
        address: SocketAddr,
        line: impl Fn() -> Line<I> + Send + 'static,
    ) -> io::Result<Self> {
        let (wake, woken) = waking()?;
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let service = Service {
            socket,
            woken,
            line,
            waiting: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || service.run())?;
        Ok(Self {
            address,
            waker: Waker(Arc::new(wake)),
            thread: Some(thread),
        })
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        // Others may have the waker still.
        let _ = self.waker.0.shutdown(Shutdown::Both);
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!(address = %self.address, "the simulator's thread panicked");
        }
    }
}

impl<I: Instrument, L: Fn() -> Line<I>> Service<I, L> {
    /// The thread's life. It ends when it shall, or when the port fails.
    fn run(mut self) {
        let ended = loop {
            match self.turn() {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = ended {
            tracing::error!(%error, "the simulator lost its port");
        }
    }

    /// Waits, hears, answers. False: it is time to end.
    fn turn(&mut self) -> io::Result<bool> {
        let due = self.waiting.iter().filter_map(|(_, line)| line.next());
        let patience = due
            .min()
            .map(|at| at.saturating_duration_since(Instant::now()));
        let mut both = [
            PollFd::new(&self.woken, PollFlags::IN),
            PollFd::new(&self.socket, PollFlags::IN),
        ];
        wait(&mut both, patience)?;
        let [bell, datagram] = both.map(|end| !end.revents().is_empty());
        if bell && !hear_waking(&self.woken)? {
            return Ok(false);
        }
        if datagram {
            self.hear()?;
        }
        self.answer_late();
        Ok(true)
    }

    fn hear(&mut self) -> io::Result<()> {
        let mut heard = [0; LONGEST];
        let (count, from) = match self.socket.recv_from(&mut heard) {
            Ok(datagram) => datagram,
            // Also an answer that nobody took.
            Err(error) => {
                tracing::debug!(%error, "no datagram");
                return Ok(());
            }
        };
        let now = Instant::now();
        let mut line = (self.line)();
        if line.away(now).is_none() {
            line.hear(&heard[..count], now);
            self.say(&mut line, from);
            if line.is_waiting() && self.waiting.len() < MOST_WAITING {
                self.waiting.push((from, line));
            }
        }
        Ok(())
    }

    fn answer_late(&mut self) {
        for (from, mut line) in std::mem::take(&mut self.waiting) {
            self.say(&mut line, from);
            if line.is_waiting() {
                self.waiting.push((from, line));
            }
        }
    }

    /// What is to be said by now, in one datagram. One that cannot be sent is lost, as in the air.
    fn say(&self, line: &mut Line<I>, to: SocketAddr) {
        let answer = line.say(Instant::now());
        if answer.is_empty() {
            return;
        }
        if let Err(error) = self.socket.send_to(&answer, to) {
            tracing::debug!(%error, "an answer was not sent");
        }
    }
}
