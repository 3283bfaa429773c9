//! The LX200 Classic without a pseudo-terminal: what it says and how it moves.

mod bench;
mod motion;
mod protocol;
