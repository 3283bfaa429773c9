//! The device under a line, whatever it is.

use std::io;
use std::time::Duration;

use mio::{Registry, Token};

use crate::tcp::TcpDevice;
use crate::udp::UdpDevice;
#[cfg(unix)]
use crate::unix::SerialDevice;
#[cfg(windows)]
use crate::windows::SerialDevice;
use crate::{Address, LineSettings};

/// An open device. Nothing here ever waits: what cannot be done now is [`io::ErrorKind::WouldBlock`].
pub(crate) trait Device: Send {
    /// Lets `registry` tell when bytes came, when more can be written, and when the device is gone.
    fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()>;

    fn deregister(&mut self, registry: &Registry) -> io::Result<()>;

    /// How often to look at the device where it cannot tell by itself.
    fn pace(&self) -> Option<Duration>;

    /// No bytes mean that the device is gone.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Discards what was written and not yet transmitted, where that can be taken back.
    fn clear_output(&self) -> io::Result<()>;
}

/// Opens what the settings name, which may take its time; `beside` another program that has it, if need be. The error is a sentence with the cause and the next step.
pub(crate) fn open(settings: &LineSettings, beside: bool) -> Result<Box<dyn Device>, String> {
    Ok(match &settings.device {
        Address::Serial(path) => Box::new(SerialDevice::open(path, settings.baud, beside)?),
        Address::Tcp { host, port } => {
            let opened = TcpDevice::open(host, *port);
            Box::new(opened.map_err(|why| format!("cannot open {}: {why}", settings.device))?)
        }
        Address::Udp { host, port } => {
            let opened = UdpDevice::open(host, *port);
            Box::new(opened.map_err(|why| format!("cannot open {}: {why}", settings.device))?)
        }
    })
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
