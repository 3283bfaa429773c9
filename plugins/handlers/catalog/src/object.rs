//! What is known of an object.

use serde::{Deserialize, Serialize};
use slewgate_sdk::Equatorial;
use sofars::astro::pmpx;
use sofars::consts::DMAS2R;
use sofars::vm::{anp, c2s};

use crate::constellation::CONSTELLATIONS;

/// An object at its place: one of the catalogue, as it was at the beginning of 2000, or any at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object {
    /// All names with a comma between them, the best known first.
    pub(crate) names: &'static str,
    pub(crate) kind: Kind,
    /// Its place in the list of the constellations. None: what moves is now here and now there.
    pub(crate) constellation: Option<u8>,
    /// Degrees, J2000.
    pub(crate) ra: f64,
    /// Degrees, J2000.
    pub(crate) dec: f64,
    /// How it moves on from there: milliseconds of arc a year, to the east and to the north.
    pub(crate) motion: [f32; 2],
    pub(crate) magnitude: Option<Magnitude>,
    pub(crate) size: Option<Size>,
}

/// How bright something is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Magnitude {
    pub(crate) value: f32,
    pub(crate) band: Band,
}

/// The light that a magnitude is of: visual, or blue where no other is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Band {
    V,
    B,
}

/// How large something is in the sky, in minutes of arc.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Size {
    pub(crate) major: f32,
    /// None: it is round, or nobody measured it.
    pub(crate) minor: Option<f32>,
}

/// What something is, as clients read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Sun,
    Moon,
    Planet,
    Star,
    #[serde(rename = "double star")]
    DoubleStar,
    #[serde(rename = "association of stars")]
    Association,
    #[serde(rename = "open cluster")]
    OpenCluster,
    #[serde(rename = "globular cluster")]
    GlobularCluster,
    #[serde(rename = "cluster with nebula")]
    ClusterWithNebula,
    Galaxy,
    #[serde(rename = "galaxy pair")]
    GalaxyPair,
    #[serde(rename = "galaxy triplet")]
    GalaxyTriplet,
    #[serde(rename = "group of galaxies")]
    GalaxyGroup,
    #[serde(rename = "planetary nebula")]
    PlanetaryNebula,
    #[serde(rename = "HII region")]
    HiiRegion,
    #[serde(rename = "dark nebula")]
    DarkNebula,
    #[serde(rename = "emission nebula")]
    EmissionNebula,
    Nebula,
    #[serde(rename = "reflection nebula")]
    ReflectionNebula,
    #[serde(rename = "supernova remnant")]
    SupernovaRemnant,
    Nova,
    /// A catalogue has a place, and others found nothing there.
    #[serde(rename = "nonexistent object")]
    Nonexistent,
    #[serde(rename = "other object")]
    Other,
}

impl Object {
    /// All names, the best known first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.names.split(',')
    }

    /// So many years later, and at rest there.
    pub(crate) fn later(self, years: f64) -> Self {
        let motion = self.motion.map(|motion| f64::from(motion) * DMAS2R);
        let [east, north] = motion;
        if motion == [0.0; 2] {
            return self;
        }
        let (ra, dec) = (self.ra.to_radians(), self.dec.to_radians());
        // Too far away for a parallax.
        let way = pmpx(ra, dec, east / dec.cos(), north, 0.0, 0.0, years, [0.0; 3]);
        let (ra, dec) = c2s(&way);
        Self {
            ra: anp(ra).to_degrees(),
            dec: dec.to_degrees(),
            motion: [0.0; 2],
            ..self
        }
    }

    pub(crate) fn position(&self) -> Equatorial {
        Equatorial {
            ra: self.ra / 15.0,
            dec: self.dec,
        }
    }

    pub(crate) fn constellation(&self) -> Option<&'static str> {
        let (_, name, _) = CONSTELLATIONS.get(usize::from(self.constellation?))?;
        Some(name)
    }

    /// A magnitude to sort and compare by: what has none comes last.
    pub(crate) fn faintness(&self) -> f32 {
        self.magnitude
            .map_or(f32::INFINITY, |magnitude| magnitude.value)
    }

    /// Whether it is near enough that one's place on the Earth counts.
    pub(crate) fn is_near(&self) -> bool {
        matches!(self.kind, Kind::Sun | Kind::Moon | Kind::Planet)
    }
}
