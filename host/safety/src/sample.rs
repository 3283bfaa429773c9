//! What is seen of the hardware.

use std::time::{Duration, Instant};

use slewgate_sky::Equatorial;

use crate::limits::{PierSide, Sighting, State};

/// One reading, as far as the host itself goes by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What the hardware does.
    pub state: State,
    /// Where it points, in JNow. None: it is no mount, or does not know.
    pub position: Option<Equatorial>,
    /// The two axes in degrees, as the mount counts them.
    pub axes: Option<(f64, f64)>,
    /// Where the telescope is, on a German mount that tells.
    pub pier_side: Option<PierSide>,
    /// Local sidereal time in hours, as the mount has it.
    pub sidereal_time: Option<f64>,
    /// How often it can be taken: as its plugin asks for it, and its line bears it.
    pub every: Duration,
    /// How long it took, waits for the line included.
    pub took: Duration,
    /// When it was taken.
    pub taken: Instant,
    /// The same by the wall clock: milliseconds since 1970-01-01T00:00Z.
    pub at: f64,
}

impl Sample {
    /// As the limits of the site see it.
    pub(crate) fn sighting(&self) -> Option<Sighting> {
        Some(Sighting {
            position: self.position?,
            axes: self.axes,
            pier: self.pier_side,
            state: self.state,
            taken: self.taken,
            at_ms: self.at,
        })
    }
}
