//! Pseudo-terminals of Unix: one thread owns the master's end.

use crate::simulator::SimulatorError;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, fcntl_setfl};
use rustix::io::{Errno, read, write};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

/// A pseudo-terminal and the thread that answers on it, until dropped.
pub(crate) struct Terminal {
    device: PathBuf,
    link: Option<PathBuf>,
    /// Closing it ends the thread.
    wake: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

/// The ends of the pseudo-terminal.
struct Ends {
    master: OwnedFd,
    /// Held open, so that the master outlives the clients that come and go.
    slave: OwnedFd,
    /// The thread ends when the other side of this is closed.
    woken: UnixStream,
}

/// How many bytes are read at once.
const READ: usize = 256;

/// Replies that nobody reads are kept up to so many bytes; what comes after is lost, as on a line.
const MAX_UNSENT: usize = 4096;

impl Terminal {
    /// Opens a pseudo-terminal, links to it, and lets a thread answer.
    pub(crate) fn start(
        link: Option<PathBuf>,
        answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static,
    ) -> Result<Self, SimulatorError> {
        let (wake, woken) = UnixStream::pair().map_err(SimulatorError::Terminal)?;
        let (ends, device) = Ends::open(woken).map_err(SimulatorError::Terminal)?;
        if let Some(link) = &link {
            replace_link(&device, link).map_err(|source| SimulatorError::Link {
                path: link.clone(),
                source,
            })?;
        }
        let mut terminal = Self {
            device,
            link,
            wake: Some(wake),
            thread: None,
        };
        let thread = thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || serve(&ends, answer));
        terminal.thread = Some(thread.map_err(SimulatorError::Terminal)?);
        Ok(terminal)
    }

    pub(crate) fn path(&self) -> &Path {
        self.link.as_ref().unwrap_or(&self.device)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // First, because the system gives the terminal's name to the next who opens one.
        if let Some(link) = &self.link
            && fs::read_link(link).is_ok_and(|to| to == self.device)
            && let Err(error) = fs::remove_file(link)
        {
            tracing::warn!(link = %link.display(), %error, "cannot remove the simulator's link");
        }
        drop(self.wake.take());
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!(device = %self.device.display(), "the simulator's thread panicked");
        }
    }
}

impl Ends {
    fn open(woken: UnixStream) -> io::Result<(Self, PathBuf)> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let slave = rustix::fs::open(
            &name,
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut modes = tcgetattr(&slave)?;
        modes.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &modes)?;
        fcntl_setfl(&master, OFlags::NONBLOCK | OFlags::RDWR)?;
        let device = PathBuf::from(std::ffi::OsString::from_vec(name.into_bytes()));
        Ok((
            Self {
                master,
                slave,
                woken,
            },
            device,
        ))
    }

    /// Waits until there is something to read, or room for what is unsent. False: it is time to end.
    fn wait(&self, unsent: bool) -> io::Result<bool> {
        let mut wanted = PollFlags::IN;
        wanted.set(PollFlags::OUT, unsent);
        let mut both = [
            PollFd::new(&self.master, wanted),
            PollFd::new(&self.woken, PollFlags::IN),
        ];
        match poll(&mut both, None) {
            Ok(_) => Ok(both[1].revents().is_empty()),
            Err(Errno::INTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// What the client wrote; nothing if nothing is there.
    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; READ];
        let count = now_or_never(read(&self.master, &mut bytes))?;
        bytes.truncate(count);
        if count > 0 {
            // A client that was killed leaves the terminal exclusive, since it stays open here.
            ioctl_tiocnxcl(&self.slave)?;
        }
        Ok(bytes)
    }

    /// Writes as much as there is room for and takes it out of `unsent`.
    fn write(&self, unsent: &mut Vec<u8>) -> io::Result<()> {
        if !unsent.is_empty() {
            let count = now_or_never(write(&self.master, unsent))?;
            unsent.drain(..count);
        }
        Ok(())
    }
}

/// The thread's life. It ends when it is woken, or when the terminal fails.
fn serve(ends: &Ends, mut answer: impl FnMut(&[u8]) -> Vec<u8>) {
    let mut unsent = Vec::new();
    let ended = loop {
        match turn(ends, &mut unsent, &mut answer) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    if let Err(error) = ended {
        tracing::error!(%error, "the simulator lost its pseudo-terminal");
    }
}

/// Waits, reads, answers, writes. False: it is time to end.
fn turn(
    ends: &Ends,
    unsent: &mut Vec<u8>,
    answer: &mut impl FnMut(&[u8]) -> Vec<u8>,
) -> io::Result<bool> {
    if !ends.wait(!unsent.is_empty())? {
        return Ok(false);
    }
    unsent.extend(answer(&ends.read()?));
    unsent.truncate(MAX_UNSENT);
    ends.write(unsent)?;
    Ok(true)
}

/// The count of a transfer that would have had to wait, or was interrupted, is 0.
fn now_or_never(transfer: Result<usize, Errno>) -> io::Result<usize> {
    match transfer {
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        other => Ok(other?),
    }
}

/// Makes `link` lead to the device. A link that was there is replaced in one step, so that nobody finds nothing; anything
/// else is left alone.
fn replace_link(device: &Path, link: &Path) -> io::Result<()> {
    if fs::symlink_metadata(link).is_ok_and(|there| !there.is_symlink()) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut beside = link.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    symlink(device, &beside)?;
    fs::rename(&beside, link).inspect_err(|_| _ = fs::remove_file(&beside))
}
