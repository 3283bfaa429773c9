//! slewgate-sky
