//! A mount that is played back: `recording` is what a transcript says, `player` what is answered from it.

mod player;
mod recording;

pub use player::Difference;
pub use recording::{Recording, RecordingError};

use crate::SimulatorError;
use crate::terminal::Terminal;
use player::Player;
use std::path::PathBuf;

/// A recording that answers on a pseudo-terminal until this is dropped.
pub struct Replay {
    terminal: Terminal,
}

/// How a recording is played.
#[derive(Clone, Debug, Default)]
pub struct ReplaySettings {
    /// A symbolic link to the pseudo-terminal. One that is there is replaced.
    pub link: Option<PathBuf>,
    /// Bits a second of the line; None: there is no such limit.
    pub baud: Option<u32>,
    /// Whether replies come at once. Else each comes as long after its request as it did.
    pub fast: bool,
}

impl Replay {
    /// Plays a recording: each request gets what followed it. One that is not the next of the recording is reported; the
    /// recording goes on where it has that request later, and is silent where it has not.
    pub fn start(
        recording: Recording,
        settings: ReplaySettings,
        report: impl FnMut(Difference) + Send + 'static,
    ) -> Result<Self, SimulatorError> {
        let player = Player::new(recording, settings.fast, report);
        let terminal = Terminal::start(settings.link, settings.baud, player)?;
        Ok(Self { terminal })
    }

    /// What to open as a serial device: the link if there is one, else the pseudo-terminal itself.
    pub fn path(&self) -> PathBuf {
        self.terminal.whereabouts().path()
    }
}
