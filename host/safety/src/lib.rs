//! slewgate-safety
