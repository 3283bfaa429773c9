//! What was told to stand is seen to stand, or told again, or people are called.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;
mod guided;
mod runaway;
mod stops;
mod unseen;
mod watched;
