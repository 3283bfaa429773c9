//! What the simulated camera shows, read from its JPEGs.

mod horizon;
mod light;
mod places;
mod shot;
