//! slewgate-server

pub mod config;
