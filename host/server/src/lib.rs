//! slewgate-server
