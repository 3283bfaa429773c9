//! What this crate promises, seen from outside.

#![expect(
    clippy::disallowed_methods,
    reason = "a test may look at the real clock"
)]

#[cfg(test)]
mod chain;
#[cfg(test)]
mod limiter_model;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod log;
#[cfg(test)]
mod slots;
#[cfg(test)]
mod token_file;
#[cfg(test)]
mod token_store;
#[cfg(test)]
mod tokens;
#[cfg(unix)]
#[cfg(test)]
mod trust;
