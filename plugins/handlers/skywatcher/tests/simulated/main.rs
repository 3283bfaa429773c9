//! The handler against the simulated mount, under a clock that passes when one of them waits: where the telescope truly comes to.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that goes wrong says so by panicking"
)]

mod commands;
mod flip;
mod goto;
mod host;
mod wire;
