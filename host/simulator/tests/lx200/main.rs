//! Mounts that speak LX200, without a line. A Classic: `protocol`, `motion`; OnStep: `onstep_*`.

mod bench;
mod motion;
mod onstep_checked;
mod onstep_motion;
mod onstep_park;
mod onstep_protocol;
mod protocol;
