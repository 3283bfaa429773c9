//! slewgate-tests
