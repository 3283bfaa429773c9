//! The limits of the site: what may begin, and what is stopped in time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod goals;
mod jogs;
mod mount;
mod places;
mod watch;
mod worst;
