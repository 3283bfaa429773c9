//! Who may come in, how much of the host they may use, and what is written down about it.
//!
//! - [`tokens`]: the text of a token, `api_tokens.json`, and the set that is in force right now.
//! - [`admission`]: slots for connections and the limits on requests, by where they come from.
//! - [`log`]: `security/logs/security.log`, one JSON object a line.
//! - [`trust`]: which components may run.
//!
//! Absent, on purpose: sockets and WebAssembly. What a client may do once it is in is for policies
//! to decide; here it is only established who it is.
//!
//! Invariants: a token's text is kept nowhere, in memory or on disk, longer than it takes to hash
//! it (entries that people write by hand are left as they are); every table and queue is bounded;
//! nothing here makes a caller wait for a disk.

pub mod tokens;

pub mod admission;

pub mod log;

pub mod trust;

mod platform;
mod read;
#[cfg(unix)]
mod unix;
mod write;
