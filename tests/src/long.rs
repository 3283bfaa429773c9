//! How often a test repeats what it repeats.

/// What of a whole count an ordinary run does.
const PART: usize = 20;

/// `count` under `cargo xtask test --long`, which sets `SLEWGATE_LONG`; otherwise a twentieth of it, at least one.
pub fn long(count: usize) -> usize {
    match std::env::var_os("SLEWGATE_LONG") {
        Some(_) => count,
        None => (count / PART).max(1),
    }
}
