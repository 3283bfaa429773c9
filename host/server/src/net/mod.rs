//! From a port to whole messages: accepting, counting, the WebSocket, and what waits to be sent.
//!
//! - `limits`: what one connection may cost.
//! - `listener`: a port, bound and accepting.
//! - `transport`: what carries a connection, with TLS or without.
//! - `metered`: counts what a peer sends (`budget`, `frames`) and when it was heard (`activity`).
//! - `pressure`: whether a peer takes what is written to it.
//! - `ahead`: a stream of which somebody has read more than was his.
//! - `websocket`: the upgrade, with its limits.
//! - `origins`: which web pages may connect.
//! - `outbox`: what waits for one client, bounded.
//! - `close`, `ending`: close codes and reasons, and the end of a connection.

pub(crate) mod ahead;
pub mod close;
pub mod limits;
pub mod listener;
pub mod origins;
pub mod outbox;

pub(crate) mod activity;
pub(crate) mod budget;
pub(crate) mod ending;
pub(crate) mod frames;
pub(crate) mod metered;
pub(crate) mod pressure;
pub(crate) mod splice;
pub(crate) mod transport;
pub(crate) mod websocket;
