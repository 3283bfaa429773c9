//! What every plugin shares: the clock, the sky, the place.

use std::fmt;
use std::sync::Arc;

use slewgate_sky::{SharedClock, Site, Sky};

/// Passed to all plugins. Cheap to clone.
#[derive(Clone)]
pub struct Surroundings {
    /// The one source of wall-clock time.
    pub clock: SharedClock,
    /// Positions, with the configured UT1-UTC.
    pub sky: Arc<Sky>,
    /// Where the telescope stands, if the configuration says so.
    pub site: Option<Site>,
    /// There is a filter before the telescope: whose policy allows it, points at the Sun.
    pub solar_filter: bool,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Surroundings")
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}
