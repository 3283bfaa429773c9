//! Where there are no pseudo-terminals, there are no simulators.

use crate::instrument::Instrument;
use crate::line::Line;
use crate::peer::Peer;
use crate::simulator::SimulatorError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Never made here.
pub(crate) enum Terminal {}

/// Never made here.
#[derive(Clone)]
pub(crate) enum Whereabouts {}

/// Never made here.
#[derive(Clone, Debug)]
pub(crate) enum Waker {}

/// Never made here.
pub(crate) enum Datagrams {}

impl Terminal {
    pub(crate) fn start(
        _link: Option<PathBuf>,
        _baud: Option<u32>,
        _peer: impl Peer,
    ) -> Result<Self, SimulatorError> {
        Err(SimulatorError::Terminal(unsupported()))
    }

    pub(crate) fn whereabouts(&self) -> Whereabouts {
        match *self {}
    }

    pub(crate) fn waker(&self) -> Waker {
        match *self {}
    }
}

impl Datagrams {
    pub(crate) fn start<I: Instrument>(
        _address: SocketAddr,
        _line: impl Fn() -> Line<I> + Send + 'static,
    ) -> io::Result<Self> {
        Err(unsupported())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match *self {}
    }

    pub(crate) fn waker(&self) -> Waker {
        match *self {}
    }
}

fn unsupported() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this system has none; run the simulator on Linux or macOS",
    )
}

impl Whereabouts {
    pub(crate) fn path(&self) -> PathBuf {
        match *self {}
    }

    pub(crate) fn wait_for_opening(&self, _number: u64, _patience: Duration) -> bool {
        match *self {}
    }
}

impl Waker {
    pub(crate) fn wake(&self) {
        match *self {}
    }
}
