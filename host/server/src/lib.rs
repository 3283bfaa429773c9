//! Everything with a socket, and the program `slewgate`.
//!
//! In the order of a request: `net` (listener, metered stream, WebSocket, outbox), `tls`, `connection`, `authenticate`, `sessions`,
//! `session`, `pipeline` (the life of a request), `requests`, `records`, `replies`, `stops`, `jogs`, `methods` (the host's own), `permission` (what is allowed for longer than a call), `topics` (events).
//! Port 8000: `liveview` (streams of pictures, and the sessions that publish and watch them), `cameras` (those of the host
//! itself). Port 5000: `web` (the page, and both of these through one port). Beside it: `local` (the administrator's socket),
//! `config`, `bytes` (as people write them), `plain` (words of others on a terminal), `host` (made, started and ended in order), `tables` (what plugins are started with), `trust` (which of them may run), `recorder` (what the security log hears of them), `cli`, `logging`, `transcript` (every byte
//! of a line). When the host is gone: `journal` (what is on disk of the lines), `direct` (a stop without a host), `unattended` (what
//! the host before left), `panics`, `timekeeping` (whether the machine's clock is right), and `safeguards`, which start these and end them. For authors of plugins: `check`.
//! For tests of the WebSocket with programs of others: `echo`.

pub mod config;

mod bytes;

mod plain;

pub mod net;

pub mod tls;

pub mod connection;

pub mod authenticate;

pub mod sessions;

pub mod session;

pub mod pipeline;

mod requests;

mod recorder;

mod alarms;

mod tables;

mod trust;

mod records;

mod replies;

mod stops;

mod jogs;

mod methods;

mod permission;

mod topics;

pub mod liveview;

mod cameras;

pub mod web;

mod local;

mod transcript;

mod journal;

mod direct;

mod unattended;

mod panics;

mod timekeeping;

mod safeguards;

mod supervised;

mod platform;

mod check;

pub mod echo;

pub mod host;

pub mod logging;

pub mod cli;

#[cfg(test)]
mod testing;
