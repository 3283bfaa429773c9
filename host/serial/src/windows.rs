//! Serial devices where they are COM ports.
//!
//! A COM port has no readiness to wait for here, so the owner looks at it every few milliseconds; nothing waits longer.
//! What DTR does when a port is opened or closed is the driver's: a board that starts anew then wants a quiet time.

use std::io::{self, Read, Write};
use std::time::Duration;

use mio::{Registry, Token};
use serialport::{COMPort, ClearBuffer, DataBits, FlowControl, Parity, SerialPort, StopBits};

use crate::device::{Device, in_words};

/// How often the port is looked at, and how long one read or write of it may take.
const PACE: Duration = Duration::from_millis(2);

/// A COM port tells nothing without being opened.
#[must_use]
pub fn obstacle(_port: &str) -> Option<String> {
    None
}

pub(crate) struct SerialDevice {
    port: COMPort,
}

impl SerialDevice {
    /// Here a port that another program has is never shared.
    pub(crate) fn open(path: &str, baud: u32, _beside: bool) -> Result<SerialDevice, String> {
        let port = serialport::new(path, baud)
            .data_bits(DataBits::Eight)
            .parity(Parity::None)
            .stop_bits(StopBits::One)
            .flow_control(FlowControl::None)
            .timeout(PACE)
            .preserve_dtr_on_open()
            .open_native()
            .map_err(|error| format!("cannot open {path}: {}", in_words(&error.into())))?;
        Ok(SerialDevice { port })
    }
}

impl Device for SerialDevice {
    fn register(&mut self, _registry: &Registry, _token: Token) -> io::Result<()> {
        Ok(())
    }

    fn deregister(&mut self, _registry: &Registry) -> io::Result<()> {
        Ok(())
    }

    fn pace(&self) -> Option<Duration> {
        Some(PACE)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.port.bytes_to_read()? == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.port.read(buffer).map_err(not_now)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.port.write(bytes) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            written => written.map_err(not_now),
        }
    }

    fn clear_output(&self) -> io::Result<()> {
        Ok(self.port.clear(ClearBuffer::Output)?)
    }
}

fn not_now(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::TimedOut => io::ErrorKind::WouldBlock.into(),
        _ => error,
    }
}
