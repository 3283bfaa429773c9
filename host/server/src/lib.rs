//! slewgate-server

pub mod config;

pub mod net;

pub mod connection;

pub(crate) mod authenticate;

pub mod sessions;

pub mod session;

pub mod host;

pub mod logging;

pub mod cli;

#[cfg(test)]
mod testing;
