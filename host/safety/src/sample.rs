//! What is seen of the hardware.

use std::time::Instant;

use slewgate_sky::Equatorial;

/// What the hardware does, as its plugin sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    /// Stands still against the ground.
    Still,
    /// Follows the sky.
    Tracking,
    /// On its way.
    Moving,
    /// Nobody can tell.
    Unknown,
}

/// On which side of its pier a telescope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PierSide {
    /// East of the pier; it looks west.
    East,
    /// West of the pier; it looks east.
    West,
}

/// One reading, as far as the host itself goes by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What the hardware does.
    pub moving: Moving,
    /// Where it points, in JNow. None: it is no mount, or does not know.
    pub position: Option<Equatorial>,
    /// The two axes in degrees, as the mount counts them.
    pub axes: Option<(f64, f64)>,
    /// Where the telescope is, on a German mount that tells.
    pub pier_side: Option<PierSide>,
    /// Local sidereal time in hours, as the mount has it.
    pub sidereal_time: Option<f64>,
    /// When it was taken.
    pub taken: Instant,
    /// The same by the wall clock: milliseconds since 1970-01-01T00:00Z.
    pub at: f64,
}
