//! slewgate-rpc
