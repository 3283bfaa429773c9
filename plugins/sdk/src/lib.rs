//! slewgate-sdk
