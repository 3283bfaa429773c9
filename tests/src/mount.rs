//! What a mount is told, and a mount that falls silent.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use slewgate_simulator::{Lx200, Lx200Settings, Wire};

/// What a mount was told that moves or stops it, oldest first: `:MS#`, `:Mn#`, `:Q#`, `:Qn#`, ….
pub fn orders(wire: &Wire) -> Vec<String> {
    let requests = wire.frames().into_iter().map(|frame| frame.request);
    requests
        .filter(|request| request.starts_with(":M") || request.starts_with(":Q"))
        .collect()
}

/// A mount that obeys for ever, and answers until it is hushed.
pub struct Taciturn {
    device: PathBuf,
    wire: Wire,
    silent: Arc<AtomicBool>,
}

impl Taciturn {
    /// On a pseudo-terminal of its own, which goes with the test's process.
    pub fn start(settings: &Lx200Settings) -> Taciturn {
        let (master, slave, device) = terminal().expect("a pseudo-terminal");
        let mut mount = Lx200::new(settings);
        let (wire, silent) = (mount.wire(), Arc::<AtomicBool>::default());
        let hushed = Arc::clone(&silent);
        thread::spawn(move || {
            // Held open, so that the master outlives the host.
            let _slave = slave;
            let mut line = std::fs::File::from(master);
            let mut bytes = [0; 256];
            while let Ok(read) = line.read(&mut bytes) {
                let reply = mount.receive(&bytes[..read]);
                if !hushed.load(Ordering::SeqCst) {
                    line.write_all(&reply).expect("the line takes replies");
                }
            }
        });
        Taciturn {
            device,
            wire,
            silent,
        }
    }

    /// From now on it answers nothing.
    pub fn hush(&self) {
        self.silent.store(true, Ordering::SeqCst);
    }

    /// What to open as a serial device.
    pub fn path(&self) -> &Path {
        &self.device
    }

    /// What it received.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }
}

pub(crate) fn terminal() -> std::io::Result<(OwnedFd, OwnedFd, PathBuf)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(&name, flags, Mode::empty())?;
    let mut modes = tcgetattr(&slave)?;
    modes.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &modes)?;
    let device = name.into_string().map_err(std::io::Error::other)?;
    Ok((master, slave, device.into()))
}
