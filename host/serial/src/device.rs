//! The device under a line, whatever it is.

use std::io;
use std::time::Duration;

use mio::{Registry, Token};

use crate::LineSettings;
#[cfg(unix)]
use crate::unix::SerialDevice;
#[cfg(windows)]
use crate::windows::SerialDevice;

/// An open device. Nothing here ever waits: what cannot be done now is [`io::ErrorKind::WouldBlock`].
pub(crate) trait Device {
    /// Lets `registry` tell when bytes came, when more can be written, and when the device is gone.
    fn register(&self, registry: &Registry, token: Token) -> io::Result<()>;

    fn deregister(&self, registry: &Registry) -> io::Result<()>;

    /// How often to look at the device where it cannot tell by itself.
    fn pace(&self) -> Option<Duration>;

    /// No bytes mean that the device is gone.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Discards what was written and not yet transmitted.
    fn clear_output(&self) -> io::Result<()>;
}

/// Opens what the settings name. The error is a sentence with the cause and the next step.
pub(crate) fn open(settings: &LineSettings) -> Result<Box<dyn Device>, String> {
    if let Some((scheme, _)) = settings.device.split_once("://") {
        return Err(format!(
            "cannot open {}: {scheme} is no kind of device that is known; name a serial device",
            settings.device
        ));
    }
    Ok(Box::new(SerialDevice::open(settings)?))
}

/// `Input/output error (os error 5)` as a part of a sentence.
pub(crate) fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
