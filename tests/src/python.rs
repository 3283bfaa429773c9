//! The interpreter for tests that need Python and one of its libraries.

use std::path::PathBuf;
use std::process::Command;

/// A Python that has a library.
///
/// # Panics
/// Where it has not, with what to do.
#[must_use]
#[allow(clippy::panic, reason = "a test fails by panicking")]
pub fn python(library: &str) -> PathBuf {
    let given = std::env::var_os("SLEWGATE_PYTHON").map_or("python3".into(), PathBuf::from);
    let import = format!("import {library}");
    let has = Command::new(&given).args(["-c", &import]).output();
    assert!(
        has.is_ok_and(|output| output.status.success()),
        "{} has no library {library}; run `cargo xtask test --all`, which makes one that has, or name one in SLEWGATE_PYTHON",
        given.display()
    );
    given
}
