//! slewgate-server

pub mod config;

pub mod net;

pub mod connection;

pub(crate) mod authenticate;

pub mod sessions;

pub mod session;
