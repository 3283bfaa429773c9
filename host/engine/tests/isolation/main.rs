//! Plugins that try what no plugin should, through the whole of loading and calling: each is ended, and it is said how.
//! The components are those of `tests/components`, which `cargo xtask plugins` builds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may"
)]

mod calls;
mod house;
mod idle;
mod loading;
mod quarantine;
mod replaced;
