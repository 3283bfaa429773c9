//! telescope
