//! Mounts that speak LX200, without a line. A Classic: `protocol`, `motion`, `faults`; OnStep: `onstep_*`.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

mod bench;
mod faults;
mod motion;
mod onstep_checked;
mod onstep_motion;
mod onstep_park;
mod onstep_protocol;
mod protocol;
