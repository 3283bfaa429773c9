//! A mount whose motors are spoken to: `protocol` and `motion` without a line, `running` on one, with its faults.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

mod bench;
mod motion;
mod protocol;
#[cfg(unix)]
mod running;
#[cfg(unix)]
mod udp;
