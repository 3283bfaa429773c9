//! How much of the host one source, and all of them together, may use.

mod forwarded;
mod limiter;
mod penalties;
mod refusals;
mod slots;
mod source;

pub use forwarded::forwarded;
pub use limiter::{LimitBy, Limited, MAX_KEYS, RequestLimiter};
pub use penalties::{Offence, PenaltySettings};
pub use refusals::RefusalWindow;
pub use slots::{Admission, AdmissionSettings, Refused, Slot};
pub use source::{Network, NetworkError, SourceKey, source_key};
