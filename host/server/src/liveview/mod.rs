//! Live view: pictures from those who take them to those who look.
//!
//! In the order of a picture: `jpeg` (what is taken for one), `frame` (framed once, shared by all who look), `streams`
//! (who publishes what, and the newest frame of it). A source within the host publishes as a client does, and whoever looks
//! gets the newest frame when it can take one; nobody ever waits for a viewer.

mod frame;
mod jpeg;
mod streams;

pub use frame::Frame;
pub use jpeg::NotJpeg;
pub use streams::{PublishError, Publisher, Streams, Unknown, Viewer};
