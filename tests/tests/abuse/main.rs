//! The list of abuses: what strangers and clients try, each a test by its number, against the real program, plain and over TLS. Others
//! notice nothing, the log has it, and the host holds no more than before. `cargo xtask abuse` prints all as one table.
//!
//! - `scene`: a case, from a quiet host to its row in the table (`row`).
//! - `target`: how those who attack connect; `wire`: what they send, by hand.
//! - `victim`: who must not notice; `sink`: takes what an attack sends, so that the attack alone can be measured.
//! - The cases: `handshake` (1 to 10), `authentication` (11 to 25), `framing` (27 to 36), `limits` (37 to 41), `readers` (42, 43), `storage`
//!   (44 to 51), `plugins` (52 to 58), `serial` (59 to 61).

mod authentication;
mod framing;
mod handshake;
mod limits;
mod plugins;
mod readers;
mod row;
mod scene;
mod serial;
mod sink;
mod storage;
mod target;
mod victim;
mod wire;
