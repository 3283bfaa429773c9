//! Live view: pictures from those who take them to those who look.
//!
//! In the order of a picture: `jpeg` (what is taken for one), `frame` (framed once, shared by all who look), `streams`
//! (who publishes what, and the newest frame of it). Then those of clients: `words` (what is said beside the pictures),
//! `session` (permission, and the pictures of a publisher), `viewing` (the pictures of a viewer). A source within the host
//! publishes as a client does, and whoever looks gets the newest frame when it can take one; nobody ever waits for a viewer.

mod frame;
mod jpeg;
mod streams;

mod words;

mod session;
mod viewing;

pub use frame::Frame;
pub use jpeg::NotJpeg;
pub use streams::{PublishError, Publisher, Streams, Unknown, Viewer};

pub use session::LiveView;
pub(crate) use session::{PUBLISH, WATCH, action};
pub(crate) use streams::is_name;
