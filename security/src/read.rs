//! Reading a file that anybody may have put there.

use std::io::{self, Read as _};
use std::path::Path;

use crate::platform;

/// Reads a regular file, and of a long one `at_most` bytes and one more. Whatever else lies there, such as a pipe that nobody
/// writes to, holds the caller up no longer than a file does.
pub(crate) fn read_regular(path: &Path, at_most: u64) -> io::Result<Vec<u8>> {
    let file = platform::open_at_once(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(at_most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
