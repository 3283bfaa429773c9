//! slewgate-simulator
