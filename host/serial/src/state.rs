//! What a line is, and how it is.

use std::time::Duration;

use crate::Address;

/// Which device a line opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSettings {
    /// The configuration's name for the line.
    pub name: String,
    /// What to open.
    pub device: Address,
    /// Bits a second of a serial device; 8 data bits, no parity, 1 stop bit, no flow control.
    pub baud: u32,
    /// How long to leave a device alone after it was opened, because it starts anew then: what it says meanwhile is discarded,
    /// and what is asked waits. Only stops go out at once.
    pub quiet: Duration,
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
