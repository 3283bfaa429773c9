//! Positions in the sky: frames, horizon, sidereal time, Sun, and the one source of wall-clock time.
//!
//! It serves plugins (`sky.wit`), the limits of the site and the simulators. Everything here but
//! [`clock`] is pure: each answer follows from its arguments and from UT1-UTC. No refraction, no polar motion, no proper
//! motion, no input or output. The algorithms are those of the IAU's SOFA collection, through `sofars`.
//!
//! Units: right ascension and sidereal time in hours, every other angle in degrees, instants in
//! milliseconds since 1970-01-01T00:00Z.

mod coordinates;
mod slow;

pub mod clock;
pub mod sky;
pub mod text;

pub use clock::{Clock, ScaledClock, SharedClock, SystemClock};
pub use coordinates::{Equatorial, Frame, Horizontal, Site, separation};
pub use sky::Sky;
