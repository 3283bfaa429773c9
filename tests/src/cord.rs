//! A mount at the end of a cord that can be pulled out and put in again.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use slewgate_simulator::{Lx200, Lx200Settings, Wire};
use socket2::{SockFilter, SockRef};
use tempfile::TempDir;

use crate::PATIENCE;
use crate::mount::terminal;

/// A system acknowledges within this what it has no answer to.
const ACKNOWLEDGED: Duration = Duration::from_millis(200);

/// What the cord is, and how it is pulled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pseudo-terminal, behind a link that stays the same.
    Terminal,
    /// A TCP connection that its peer closes.
    Closed,
    /// A TCP connection that its peer resets.
    Reset,
    /// A TCP connection whose peer vanishes without a word.
    Vanished,
}

/// See the module. A mount that is put in is a new one: it points elsewhere and knows nothing of the one before.
pub struct Cord {
    kind: Kind,
    settings: Lx200Settings,
    folder: TempDir,
    port: Option<SocketAddr>,
    plugged: Option<Plugged>,
    /// Peers that vanished: closing them would say so.
    vanished: Vec<TcpStream>,
}

struct Plugged {
    wire: Wire,
    mood: Arc<Mood>,
    end: End,
}

/// What becomes of what goes over the cord.
#[derive(Default)]
struct Mood {
    /// The mount is told everything and answers nothing.
    silent: AtomicBool,
    /// Nothing gets through, either way, though the cord is plugged in.
    cut: AtomicBool,
    /// What did not get through to the mount.
    swallowed: Mutex<Vec<u8>>,
    /// So many answers to this request are lost.
    losses: Mutex<(String, usize)>,
}

impl Mood {
    fn lets_hear(&self, request: &[u8]) -> bool {
        let cut = self.cut.load(Ordering::SeqCst);
        if cut {
            let mut swallowed = self.swallowed.lock().expect("no test fails in here");
            swallowed.extend_from_slice(request);
        }
        !cut
    }

    fn lets_answer(&self, request: &[u8]) -> bool {
        let mut losses = self.losses.lock().expect("no test fails in here");
        let (lost, left) = &mut *losses;
        if *left > 0 && request == lost.as_bytes() {
            *left -= 1;
            return false;
        }
        !self.silent.load(Ordering::SeqCst)
    }
}

/// What ends the thread of a mount.
enum End {
    Terminal {
        slave: File,
        ended: Arc<AtomicBool>,
        thread: JoinHandle<()>,
    },
    Tcp(Receiver<TcpStream>),
}

impl Cord {
    /// With a mount at its end.
    pub fn plugged(kind: Kind, settings: Lx200Settings) -> Cord {
        let mut cord = Cord {
            kind,
            settings,
            folder: TempDir::new().expect("a directory"),
            port: None,
            plugged: None,
            vanished: Vec::new(),
        };
        cord.plug();
        cord
    }

    /// What the configuration calls it; the same for ever.
    pub fn device(&self) -> String {
        match self.port {
            Some(address) => format!("tcp://{address}"),
            None => self.link().display().to_string(),
        }
    }

    /// Puts a new mount at its end.
    pub fn plug(&mut self) {
        assert!(self.plugged.is_none(), "a mount is plugged in");
        let mut mount = Lx200::new(&self.settings);
        let (wire, mood) = (mount.wire(), Arc::<Mood>::default());
        let its = Arc::clone(&mood);
        let answer = move |bytes: &[u8]| {
            if !its.lets_hear(bytes) {
                return Vec::new();
            }
            let reply = mount.receive(bytes);
            match its.lets_answer(bytes) {
                true => reply,
                false => Vec::new(),
            }
        };
        let end = match self.kind {
            Kind::Terminal => on_a_terminal(&self.link(), answer),
            _ => self.over_tcp(answer),
        };
        self.plugged = Some(Plugged { wire, mood, end });
    }

    /// Pulls it out, from under a host that has it open.
    pub fn unplug(&mut self) {
        let plugged = self.plugged.take().expect("a mount is plugged in");
        match plugged.end {
            End::Terminal {
                mut slave,
                ended,
                thread,
            } => {
                // Its number goes to the next who opens a terminal, whose mount is none of this host's.
                std::fs::remove_file(self.folder.path().join("mount")).expect("a link");
                ended.store(true, Ordering::SeqCst);
                slave.write_all(b"\0").expect("the thread reads");
                thread.join().expect("the mount's thread");
            }
            End::Tcp(connection) => {
                let stream = connection.recv_timeout(PATIENCE);
                self.disconnect(stream.expect("the host is connected"));
            }
        }
    }

    /// From now on it answers nothing, or everything again.
    pub fn hush(&self, silent: bool) {
        self.mood().silent.store(silent, Ordering::SeqCst);
    }

    /// From now on it swallows everything both ways, or nothing again: a bridge that keeps its connection and has lost its mount.
    pub fn cut(&self, cut: bool) {
        self.mood().cut.store(cut, Ordering::SeqCst);
    }

    /// What of the host's it swallowed.
    pub fn swallowed(&self) -> String {
        let swallowed = self.mood().swallowed.lock();
        String::from_utf8_lossy(&swallowed.expect("no test fails in there")).into_owned()
    }

    /// The next answers to this request are lost.
    pub fn loses_answers(&self, request: &str, count: usize) {
        *self.mood().losses.lock().expect("no test fails in there") = (request.to_owned(), count);
    }

    /// How many of them are still to be lost.
    pub fn losses_left(&self) -> usize {
        self.mood().losses.lock().expect("no test fails in there").1
    }

    /// What the mount that is plugged in received.
    pub fn wire(&self) -> Wire {
        let plugged = self.plugged.as_ref().expect("a mount is plugged in");
        plugged.wire.clone()
    }

    fn mood(&self) -> &Mood {
        &self.plugged.as_ref().expect("a mount is plugged in").mood
    }

    fn link(&self) -> PathBuf {
        self.folder.path().join("mount")
    }

    /// Listens for one connection, as an adapter does: until the next mount is put in, others are refused.
    fn over_tcp(&mut self, answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static) -> End {
        let address = self.port.unwrap_or(([127, 0, 0, 1], 0).into());
        let listener = TcpListener::bind(address).expect("a port");
        self.port = listener.local_addr().ok();
        let (tell, connected) = channel();
        thread::spawn(move || {
            let (stream, _) = listener.accept().expect("the host connects");
            drop(listener);
            stream.set_nodelay(true).expect("a socket");
            let _ = tell.send(stream.try_clone().expect("a socket"));
            serve(&stream, &stream, answer, || false);
        });
        End::Tcp(connected)
    }

    fn disconnect(&mut self, stream: TcpStream) {
        match self.kind {
            Kind::Terminal => unreachable!("it has no connection"),
            Kind::Closed => stream.shutdown(Shutdown::Both).expect("a socket"),
            Kind::Reset => {
                let now = Some(Duration::ZERO);
                SockRef::from(&stream).set_linger(now).expect("a socket");
                // Ends the mount's thread, which has the other half, and says nothing.
                stream.shutdown(Shutdown::Read).expect("a socket");
            }
            Kind::Vanished => {
                // Its system would repeat what it said last until that is acknowledged, and be alive for so long.
                thread::park_timeout(ACKNOWLEDGED);
                // Return 0: a packet filter that keeps nothing of any packet.
                let nothing = [SockFilter::new(0x06, 0, 0, 0)];
                let socket = SockRef::from(&stream);
                socket.attach_filter(&nothing).expect("a packet filter");
                self.vanished.push(stream);
            }
        }
    }
}

fn on_a_terminal(link: &Path, answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static) -> End {
    let (master, slave, device) = terminal().expect("a pseudo-terminal");
    let _ = std::fs::remove_file(link);
    symlink(device, link).expect("a link");
    let ended = Arc::<AtomicBool>::default();
    let until = Arc::clone(&ended);
    let thread = thread::spawn(move || {
        let line = File::from(master);
        serve(&line, &line, answer, || until.load(Ordering::SeqCst));
    });
    End::Terminal {
        slave: slave.into(),
        ended,
        thread,
    }
}

fn serve(
    mut from: impl Read,
    mut to: impl Write,
    mut answer: impl FnMut(&[u8]) -> Vec<u8>,
    ended: impl Fn() -> bool,
) {
    let mut bytes = [0; 256];
    while let Ok(count) = from.read(&mut bytes) {
        if count == 0 || ended() || to.write_all(&answer(&bytes[..count])).is_err() {
            return;
        }
    }
}
