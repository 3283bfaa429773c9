//! Where clients find the pseudo-terminal.

use crate::simulator::SimulatorError;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A device's name, which changes with each opening, and a link, which does not.
pub(super) struct Place {
    link: Option<PathBuf>,
    present: Mutex<Present>,
    moved: Condvar,
}

struct Present {
    device: PathBuf,
    openings: u64,
}

impl Place {
    /// Makes the link, if there is to be one.
    pub(super) fn new(device: PathBuf, link: Option<PathBuf>) -> Result<Self, SimulatorError> {
        if let Some(link) = &link {
            replace_link(&device, link).map_err(|source| SimulatorError::Link {
                path: link.clone(),
                source,
            })?;
        }
        let openings = 1;
        Ok(Self {
            link,
            present: Mutex::new(Present { device, openings }),
            moved: Condvar::new(),
        })
    }

    pub(super) fn path(&self) -> PathBuf {
        let device = || self.present().device.clone();
        self.link.clone().unwrap_or_else(device)
    }

    pub(super) fn wait_for_opening(&self, number: u64, patience: Duration) -> bool {
        let waiting = |present: &mut Present| present.openings < number;
        let waited = self
            .moved
            .wait_timeout_while(self.present(), patience, waiting);
        let (present, _) = waited.unwrap_or_else(PoisonError::into_inner);
        present.openings >= number
    }

    /// The device has another name from now on. A link that leads elsewhere by now is left alone.
    pub(super) fn move_to(&self, device: PathBuf) {
        let mut present = self.present();
        if let Some(link) = self.own_link(&present.device)
            && let Err(error) = replace_link(&device, link)
        {
            tracing::warn!(link = %link.display(), %error, "cannot move the simulator's link");
        }
        present.device = device;
        present.openings += 1;
        self.moved.notify_all();
    }

    /// Takes the link away.
    pub(super) fn unlink(&self) {
        if let Some(link) = self.own_link(&self.present().device)
            && let Err(error) = fs::remove_file(link)
        {
            tracing::warn!(link = %link.display(), %error, "cannot remove the simulator's link");
        }
    }

    /// The link, if it leads to the device still.
    fn own_link(&self, device: &Path) -> Option<&Path> {
        let link = self.link.as_deref()?;
        fs::read_link(link)
            .is_ok_and(|to| to == device)
            .then_some(link)
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
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
