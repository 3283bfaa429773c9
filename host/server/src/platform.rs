//! What only some platforms have: the socket for local commands, the signals that end the host, what a socket keeps unsent, files
//! that are their owner's alone, and the machine's name.

#[cfg(unix)]
use unix::own_name;
#[cfg(unix)]
pub(crate) use unix::{
    LocalListener, create_private, create_private_directory, end, sync_directory,
};

#[cfg(target_os = "linux")]
pub(crate) use linux::{keep_fresh, make_room_for_sockets};

/// Elsewhere the system's own buffer decides how old a picture may get on its way.
#[cfg(not(target_os = "linux"))]
pub(crate) fn keep_fresh(_: &tokio::net::TcpStream) {}

/// Elsewhere there is room, or who starts the host makes it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn make_room_for_sockets() {}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use socket2::SockRef;
    use tokio::net::TcpStream;

    /// Bytes that may lie in the system, not sent yet, while it takes more. It asks for more at half of them.
    const UNSENT: u32 = 4 * 1024;

    /// Lets the system take little more than it can send: what waits in it cannot be exchanged for a newer picture, and a
    /// viewer's progress shows only where the system takes small bites.
    pub(crate) fn keep_fresh(stream: &TcpStream) {
        // Without it pictures are older and all else is the same.
        let _ = SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
    }

    /// Files that the host may have open, at most: more than ever connect at once.
    const OPEN: u64 = 8_192;

    /// Most systems give a program 1,024 open files at first, and more if it asks: fewer than the clients that may be there by default.
    pub(crate) fn make_room_for_sockets() {
        let given = getrlimit(Resource::Nofile);
        let wanted = given.maximum.map_or(OPEN, |most| most.min(OPEN));
        if given.current.is_some_and(|current| current < wanted) {
            // Without it fewer are let in, which the log tells.
            let _ = setrlimit(
                Resource::Nofile,
                Rlimit {
                    current: Some(wanted),
                    maximum: given.maximum,
                },
            );
        }
    }
}

/// The names by which others of the local network may know this machine: as it calls itself, without its domain, and as
/// multicast DNS has it.
pub(crate) fn names() -> Vec<String> {
    let Some(own) = own_name().filter(|name| !name.is_empty()) else {
        return Vec::new();
    };
    let short = own.split('.').next().unwrap_or_default().to_owned();
    let local = format!("{short}.local");
    vec![own, short, local]
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, PermissionsExt};
    use std::os::unix::net::UnixStream as Probe;
    use std::path::{Path, PathBuf};

    use anyhow::{Context, bail};
    use tokio::net::{UnixListener, UnixStream};
    use tokio::signal::unix::{SignalKind, signal};

    /// A socket that only its owner can open. It goes when this is dropped.
    pub(crate) struct LocalListener {
        listener: UnixListener,
        path: PathBuf,
    }

    impl LocalListener {
        pub(crate) fn bind(path: &Path) -> anyhow::Result<LocalListener> {
            make_way(path)?;
            let listener = UnixListener::bind(path)
                .with_context(|| format!("cannot open {}", path.display()))?;
            fs::set_permissions(path, Permissions::from_mode(0o600))
                .with_context(|| format!("cannot guard {}", path.display()))?;
            Ok(LocalListener {
                listener,
                path: path.to_owned(),
            })
        }

        pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
            self.listener.accept().await.map(|(stream, _)| stream)
        }
    }

    impl Drop for LocalListener {
        fn drop(&mut self) {
            // It may have been removed by hand.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Takes away what a host left that ended at once; a host that answers keeps its place.
    fn make_way(path: &Path) -> anyhow::Result<()> {
        match fs::symlink_metadata(path) {
            Err(_) => return Ok(()),
            Ok(found) if !found.file_type().is_socket() => {
                bail!("{} is no socket; move it away", path.display())
            }
            Ok(_) => {}
        }
        if let Ok(probe) = Probe::connect(path) {
            let directory = path.parent().unwrap_or(path);
            let process = process(&probe).map_or_else(String::new, |id| format!(" (process {id})"));
            bail!(
                "another host{process} is running on {}; give this one a directory of its own with --data",
                directory.display()
            );
        }
        fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))
    }

    /// The one at the other end.
    #[cfg(target_os = "linux")]
    fn process(probe: &Probe) -> Option<i32> {
        let peer = rustix::net::sockopt::socket_peercred(probe).ok()?;
        Some(peer.pid.as_raw_nonzero().get())
    }

    /// Only some systems tell.
    #[cfg(not(target_os = "linux"))]
    fn process(_: &Probe) -> Option<i32> {
        None
    }

    /// An empty file, readable and writable by its owner alone if it is made now.
    pub(crate) fn create_private(path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true);
        options.mode(0o600).open(path)
    }

    /// Makes a directory and what leads to it, for its owner alone; existing ones stay as they are.
    pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// Makes a rename in this directory outlast a power cut.
    pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    /// As the kernel has it. Systems that do not show it as a file have it in `[server] names`.
    pub(super) fn own_name() -> Option<String> {
        let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
        Some(name.trim_end().to_owned())
    }

    /// Waits for a signal that ends the host.
    pub(crate) async fn end() -> io::Result<&'static str> {
        let (mut terminate, mut interrupt, mut hangup) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        );
        Ok(tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            // The terminal is gone. What moves is stopped also then.
            _ = hangup.recv() => "SIGHUP",
        })
    }
}

#[cfg(not(unix))]
use elsewhere::own_name;
#[cfg(not(unix))]
pub(crate) use elsewhere::{
    LocalListener, create_private, create_private_directory, end, sync_directory,
};

#[cfg(not(unix))]
mod elsewhere {
    use std::fs::{self, File};
    use std::io;
    use std::path::Path;

    /// An empty file, with the rights that its directory hands down.
    pub(crate) fn create_private(path: &Path) -> io::Result<File> {
        File::create(path)
    }

    /// The same of a directory and what leads to it.
    pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    /// Directories are not synced here.
    pub(crate) fn sync_directory(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// There is no socket for local commands here: nobody ever connects.
    pub(crate) struct LocalListener;

    impl LocalListener {
        pub(crate) fn bind(_: &Path) -> anyhow::Result<LocalListener> {
            Ok(LocalListener)
        }

        pub(crate) async fn accept(&self) -> io::Result<tokio::io::DuplexStream> {
            std::future::pending().await
        }
    }

    /// As Windows has it.
    pub(super) fn own_name() -> Option<String> {
        std::env::var("COMPUTERNAME").ok()
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn end() -> io::Result<&'static str> {
        tokio::signal::ctrl_c().await.map(|()| "Ctrl-C")
    }
}
