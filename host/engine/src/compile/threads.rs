//! The end of the thread by which wasmtime's cache writes down what was used: it ends after the last who has the cache, and a process
//! that ends before it leaves half a file.

use std::thread;
use std::time::{Duration, Instant};

/// A thread that has nothing left to do but its last file ends within a moment.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(1);

/// How many threads this process has; none where its system does not tell.
pub(super) fn count() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/task").ok()?.count())
}

/// Waits until those have ended that began since there were so many.
pub(super) fn until_no_more_than(before: Option<usize>) {
    let give_up = Instant::now() + PATIENCE;
    while count() > before && Instant::now() < give_up {
        thread::sleep(LOOK);
    }
}
