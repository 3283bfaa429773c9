//! The two ends of a pseudo-terminal, as the system has them.

use super::now_or_never;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, fcntl_setfl};
use rustix::io::{Errno, read, write};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub(super) struct Ends {
    /// None: it is hung up.
    master: Option<OwnedFd>,
    /// Held open, so that the master outlives the clients that come and go, and the name is nobody else's after it.
    slave: OwnedFd,
}

/// How many wakings are taken at once.
const WAKINGS: usize = 64;

impl Ends {
    /// A new pair, and the slave's name.
    pub(super) fn open() -> io::Result<(Self, PathBuf)> {
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
        let master = Some(master);
        Ok((Self { master, slave }, device))
    }

    /// Closes the master: whoever has the slave open sees it gone, and nobody can open it.
    pub(super) fn hang_up(&mut self) {
        self.master = None;
    }

    /// Waits until there is something to read, if that is listened for, or room to write, if that is wanted, or until it is
    /// time or the thread is woken. Whether there is something to read; None: it is time to end.
    pub(super) fn wait(
        &self,
        woken: &UnixStream,
        listening: bool,
        room: bool,
        until: Option<Instant>,
    ) -> io::Result<Option<bool>> {
        let mut wanted = PollFlags::empty();
        wanted.set(PollFlags::IN, listening);
        wanted.set(PollFlags::OUT, room);
        let mut both = [
            PollFd::new(woken, PollFlags::IN),
            PollFd::new(self.master()?, wanted),
        ];
        let patience = until.map(|until| until.saturating_duration_since(Instant::now()));
        wait(&mut both, patience)?;
        let [bell, master] = both.map(|end| end.revents());
        let goes_on = bell.is_empty() || hear_waking(woken)?;
        Ok(goes_on.then_some(master.contains(PollFlags::IN)))
    }

    /// What the client wrote, at most so many bytes; nothing if nothing is there.
    pub(super) fn read(&self, at_most: usize) -> io::Result<Vec<u8>> {
        if at_most == 0 {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; at_most];
        let count = now_or_never(read(self.master()?, &mut bytes))?;
        bytes.truncate(count);
        if count > 0 {
            // A client that was killed leaves the terminal exclusive, since it stays open here.
            ioctl_tiocnxcl(&self.slave)?;
        }
        Ok(bytes)
    }

    /// Writes as much as there is room for, and says how much that was.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        now_or_never(write(self.master()?, bytes))
    }

    fn master(&self) -> io::Result<&OwnedFd> {
        self.master
            .as_ref()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// Waits until the thread is woken, or for so long. False: it is time to end.
pub(super) fn wait_for_waking(woken: &UnixStream, patience: Duration) -> io::Result<bool> {
    let mut bell = [PollFd::new(woken, PollFlags::IN)];
    wait(&mut bell, Some(patience))?;
    Ok(bell[0].revents().is_empty() || hear_waking(woken)?)
}

pub(super) fn wait(ends: &mut [PollFd<'_>], patience: Option<Duration>) -> io::Result<()> {
    let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
    match poll(ends, patience.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Takes the wakings that are there. False: they have come to their end.
pub(super) fn hear_waking(woken: &UnixStream) -> io::Result<bool> {
    match read(woken, &mut [0; WAKINGS]) {
        Ok(0) => Ok(false),
        Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
