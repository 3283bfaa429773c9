//! How often a test repeats what it repeats.

/// What of a whole count an ordinary run does.
const PART: usize = 20;

/// Whether this is `cargo xtask test --long`, which has time for what takes minutes or much of a network.
pub fn is_long() -> bool {
    std::env::var_os("SLEWGATE_LONG").is_some()
}

/// `count` under `cargo xtask test --long`, which sets `SLEWGATE_LONG`; otherwise a twentieth of it, at least one.
pub fn long(count: usize) -> usize {
    match is_long() {
        true => count,
        false => (count / PART).max(1),
    }
}
