//! slewgate-serial
