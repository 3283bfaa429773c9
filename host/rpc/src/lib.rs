//! JSON-RPC 2.0, text in and text out: what a client sends becomes [`Call`]s, what the host answers becomes text.
//!
//! Pure: no sockets, no clock, no plugins. Nothing here fails or panics, whatever the input; a text that is no call
//! is answered by the [`Reply`] that [`parse`] returns for it. A [`Refusal`] carries two texts, a sentence for the
//! client and a cause for the log, and only the sentence can reach a [`Reply`]'s text.

mod incoming;
mod number;
mod outgoing;
mod refusal;
mod tree;

pub use incoming::{Call, Id, Incoming, MAX_BATCH, parse};
pub use outgoing::{Reply, batch_text, event_text};
pub use refusal::{Code, MAX_TEXT, Outcome, Refusal};
pub use tree::tree;
