//! Where there are no pseudo-terminals, there are no simulators.

use crate::simulator::SimulatorError;
use std::io;
use std::path::{Path, PathBuf};

/// Never made here.
pub(crate) enum Terminal {}

impl Terminal {
    pub(crate) fn start(
        _link: Option<PathBuf>,
        _answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static,
    ) -> Result<Self, SimulatorError> {
        Err(SimulatorError::Terminal(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system has none; run the simulator on Linux or macOS",
        )))
    }

    pub(crate) fn path(&self) -> &Path {
        match *self {}
    }
}
