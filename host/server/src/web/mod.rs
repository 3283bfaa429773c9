//! Port 5000: what browsers and simple programs ask for. A connection serves one request, within the budgets of one that
//! has not shown a token, and then is closed or becomes a WebSocket.
//!
//! - `visit`: the life of a connection.
//! - `routes`: what is where, who may ask, and the headers of every answer.
//! - `answers`: refusals in plain sentences.
//! - `page`: the page, one file, and what it may do.
//! - `health`: whether the host serves.
//! - `upgrade`: from HTTP to a WebSocket.
//! - `credentials`, `mjpeg`: the pictures of a stream for viewers that know no WebSocket.

mod answers;
mod credentials;
mod health;
mod mjpeg;
mod page;
mod routes;
mod upgrade;
mod visit;

pub use page::Page;
pub use visit::{Port, Web};
