//! What a sample of the mount says, as far as the limits ask.

use std::time::Instant;

use slewgate_sky::Equatorial;

/// On which side of its pier the telescope of a German mount is. East of it, it looks west.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PierSide {
    /// Where hour angle and declination are the angles of the axes.
    East,
    /// Where the telescope has come over the pole.
    West,
}

/// What the mount is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Stands still against the ground.
    Still,
    /// Follows the sky.
    Tracking,
    /// On its way.
    Moving,
    /// It does not tell; taken for [`State::Moving`].
    Unknown,
}

/// Where the telescope was seen, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting {
    /// Where it points, in JNow.
    pub position: Equatorial,
    /// The two axes in degrees, as the mount counts them.
    pub axes: Option<(f64, f64)>,
    /// The side of the pier; none for a mount that has none, or does not tell.
    pub pier: Option<PierSide>,
    /// What it is about.
    pub state: State,
    /// When it was seen.
    pub taken: Instant,
    /// The same by the wall clock, in milliseconds since 1970.
    pub at_ms: f64,
}
