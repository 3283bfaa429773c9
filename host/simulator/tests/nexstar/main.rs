//! Mounts with a NexStar hand control, without a line but for `running`.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

mod bench;
mod faults;
mod hands;
mod motion;
mod motors;
mod protocol;
#[cfg(unix)]
mod running;
