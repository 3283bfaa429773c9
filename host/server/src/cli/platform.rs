//! What the command line needs of one kind of system and not of the other: modes, local sockets, signals.

#[cfg(not(unix))]
pub(super) use elsewhere::{
    connect, create_private_directory, end, input_is_ours, judge_owner, judge_private, may_run,
    room,
};
#[cfg(unix)]
pub(super) use unix::{
    connect, create_private_directory, end, input_is_ours, judge_owner, judge_private, may_run,
    room,
};

#[cfg(unix)]
mod unix {
    use std::fs::{DirBuilder, Metadata};
    use std::io::{self, IsTerminal};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::time::Duration;

    use tokio::signal::unix::{SignalKind, signal};

    /// A connection to the local socket of a host.
    pub(in super::super) fn connect(socket: &Path, patience: Duration) -> io::Result<UnixStream> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(stream)
    }

    /// Bytes that this user can still write to the disk of a path.
    pub(in super::super) fn room(path: &Path) -> Option<u64> {
        let disk = rustix::fs::statvfs(path).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Whether the modes of a file let this user run it.
    pub(in super::super) fn may_run(path: &Path) -> bool {
        rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
    }

    /// Whether only its owner can read the file; else, what to do.
    pub(in super::super) fn judge_private(file: &Metadata) -> Result<(), &'static str> {
        if file.mode() & 0o077 == 0 {
            Ok(())
        } else {
            Err("others may read it; chmod 600 it first")
        }
    }

    /// Whether a directory is of the user that runs this; else, whose it is.
    pub(in super::super) fn judge_owner(directory: &Metadata) -> Result<(), String> {
        let (owner, me) = (directory.uid(), rustix::process::geteuid().as_raw());
        if owner == me {
            Ok(())
        } else {
            Err(format!(
                "belongs to user id {owner}, not to {me} that runs this"
            ))
        }
    }

    /// Makes a directory and what leads to it, for its owner alone; existing ones stay as they are.
    pub(in super::super) fn create_private_directory(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// Whether standard input can be read: a program in the background that reads its terminal is stopped by the system.
    pub(in super::super) fn input_is_ours() -> bool {
        let foreground = rustix::termios::tcgetpgrp(io::stdin());
        foreground.is_ok_and(|group| group == rustix::process::getpgrp())
            || !io::stdin().is_terminal()
    }

    /// From now on Ctrl-C, and the system's wish that the program ends, end what is awaited here and not the program.
    pub(in super::super) fn end() -> io::Result<impl Future<Output = ()>> {
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
        })
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::fs::Metadata;
    use std::io;
    use std::net::TcpStream;
    use std::path::Path;
    use std::time::Duration;

    /// There is no local socket here.
    pub(in super::super) fn connect(_socket: &Path, _patience: Duration) -> io::Result<TcpStream> {
        Err(io::ErrorKind::NotFound.into())
    }

    /// Nobody tells how much room there is here.
    pub(in super::super) fn room(_: &Path) -> Option<u64> {
        None
    }

    /// Files have no modes here.
    pub(in super::super) fn may_run(_: &Path) -> bool {
        true
    }

    /// Nor here.
    pub(in super::super) fn judge_private(_file: &Metadata) -> Result<(), &'static str> {
        Ok(())
    }

    /// Owners are not compared here.
    pub(in super::super) fn judge_owner(_directory: &Metadata) -> Result<(), String> {
        Ok(())
    }

    /// The rights of a new directory are those that its parent hands down.
    pub(in super::super) fn create_private_directory(path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    /// Nobody is stopped for reading here.
    pub(in super::super) fn input_is_ours() -> bool {
        true
    }

    /// What Ctrl-C ends.
    pub(in super::super) fn end() -> io::Result<impl Future<Output = ()>> {
        Ok(async {
            // Without a way to hear of it, the system ends the program.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending().await
            }
        })
    }
}
