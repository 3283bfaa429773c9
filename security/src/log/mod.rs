//! The security log: who came, from where, with which token, and what was refused.

mod event;
mod handle;
mod text;
mod writer;

pub use event::{EventKind, SecurityEvent};
pub use handle::{LogSettings, SecurityLog};
pub use text::client_text;
