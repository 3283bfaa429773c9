//! The security log: who came, from where, with which token, and what was refused.
//!
//! Each line holds the hash of the one before ([`Link`]); [`verify`] follows them.

mod chain;
mod counted;
mod event;
mod files;
mod handle;
mod head;
mod repeats;
mod take;
mod text;
mod verify;
mod writer;

pub use chain::Link;
pub use event::{EventKind, SecurityEvent};
pub use handle::{Kept, LogSettings, SecurityLog};
pub use head::Head;
pub use take::{TakenFile, is_of_log, take};
pub use text::client_text;
pub use verify::{Fault, Finding, Unverified, Verified, verify};
