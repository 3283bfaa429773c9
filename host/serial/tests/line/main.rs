//! What a line promises, on real pseudo-terminals, with the test as the mount.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by failing"
)]

mod device;
mod exchange;
mod hold;
mod interleaving;
mod mount;
mod owed;
mod stop;
mod stuck;
mod tap;
mod tcp;
mod udp;
