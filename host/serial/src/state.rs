//! What a line is, and how it is.

/// Which device a line opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSettings {
    /// The configuration's name for the line.
    pub name: String,
    /// The path of a serial device.
    pub device: String,
    /// Bits a second; 8 data bits, no parity, 1 stop bit, no flow control.
    pub baud: u32,
}

/// How a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineState {
    /// The device is not open; the line tries to open it until it is closed.
    Connecting {
        /// Why the last try failed or how the device was lost; none before the first try.
        error: Option<String>,
    },
    /// The device is open.
    Open {
        /// Which opening this is, counted from 1: a new number means that the hardware may be another, or in another state.
        opened: u64,
    },
    /// The line was closed, or its last handle dropped.
    Closed,
}
