//! Opening a device without waiting for it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

use crate::LineSettings;
use crate::device::{self, Device, in_words};
use crate::shared::Shared;

/// What came of it: a device, or a sentence why not.
pub(crate) type Opened = Result<Box<dyn Device>, String>;

/// Wakes the line's owner when it is dropped.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.wake();
    }
}

/// A device that is being opened on a thread of its own, because to find a name, to connect, and some drivers take their time.
/// A line has never more than one; if it is dropped, a device that is opened after all is closed at once.
pub(crate) struct Opening(Receiver<Opened>);

impl Opening {
    /// Begins, and wakes the line's owner at the end.
    pub(crate) fn begin(
        settings: &LineSettings,
        beside: bool,
        shared: &Arc<Shared>,
    ) -> Result<Opening, String> {
        let (tell, told) = sync_channel(1);
        let (ended, what) = (Ended(Arc::clone(shared)), settings.clone());
        let opening = move || {
            // Last of all, also where the opening fails in a way that nobody thought of.
            let _ended = ended;
            let tell = tell;
            // A line that was closed meanwhile needs no device.
            let _ = tell.send(device::open(&what, beside));
        };
        let started = thread::Builder::new()
            .name(format!("opening {}", settings.name))
            .spawn(opening);
        started.map_err(|error| {
            let why = in_words(&error);
            format!("cannot open {}: no thread: {why}", settings.device)
        })?;
        Ok(Opening(told))
    }

    /// What came of it, if that is known yet.
    pub(crate) fn outcome(&self) -> Option<Opened> {
        match self.0.try_recv() {
            Ok(opened) => Some(opened),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err("the opening was broken off".to_owned())),
        }
    }
}
