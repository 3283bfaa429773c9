//! slewgate-security
