//! slewgate-engine
