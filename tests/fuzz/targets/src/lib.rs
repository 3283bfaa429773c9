//! What fuzzers give bytes to, and what has to hold whatever these are. A target that finds something else panics.
//!
//! The fuzzers of `tests/fuzz` call these functions with bytes that they make up; the test `corpus` calls them with the files of
//! `tests/fuzz/corpus`, a folder for each target.

use std::path::Path;

use tempfile::TempDir;

#[cfg(feature = "host")]
mod component;
#[cfg(feature = "host")]
mod configuration;
#[cfg(feature = "host")]
mod first_message;
mod forwarded_headers;
mod json_rpc;
mod log_verification;
mod lx200_replies;
mod serial_framing;
mod tokens_file;

#[cfg(feature = "host")]
pub use component::component;
#[cfg(feature = "host")]
pub use configuration::configuration;
#[cfg(feature = "host")]
pub use first_message::first_message;
pub use forwarded_headers::forwarded_headers;
pub use json_rpc::json_rpc;
pub use log_verification::log_verification;
pub use lx200_replies::lx200_replies;
pub use serial_framing::serial_framing;
pub use tokens_file::tokens_file;

/// A folder for the time of one call, in memory where the system has such a place.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    made.expect("a folder can be made")
}
