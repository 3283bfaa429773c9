//! The limits of the site as a table keeps them: what is not seen, what does not obey, and what only looks like a mount.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;
mod halt;
mod night;
mod random;
mod sight;
