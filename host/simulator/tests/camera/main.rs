//! What the simulated camera shows, read from its JPEGs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is wrong by failing"
)]

mod horizon;
mod light;
mod places;
mod shot;
