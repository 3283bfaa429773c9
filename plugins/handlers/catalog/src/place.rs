//! The settings: where the telescope stands, which counts for the Moon.

use serde::Deserialize;
use slewgate_sdk::{Equatorial, Frame, Horizontal, Host, Instant, Site, read};
use sofars::consts::DAU;
use sofars::coords::gd2gc;
use sofars::vm::{s2c, sxp};

/// What the configuration says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) site: Option<Place>,
}

/// A place on the Earth.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// Degrees, north positive.
    latitude: f64,
    /// Degrees, east positive.
    longitude: f64,
    /// Metres above sea level.
    #[serde(default)]
    elevation: f64,
}

/// The number of WGS84 among SOFA's ellipsoids.
const WGS84: i32 = 1;

const ZENITH: Horizontal = Horizontal {
    altitude: 90.0,
    azimuth: 0.0,
};

impl Settings {
    pub(crate) fn read(settings: &str) -> Result<Self, String> {
        let settings: Self = read(settings.as_bytes()).map_err(|error| error.to_string())?;
        settings.site.map_or(Ok(()), Place::judge)?;
        Ok(settings)
    }
}

impl Place {
    fn judge(self) -> Result<(), String> {
        let values = [
            ("latitude", self.latitude, 90.0),
            ("longitude", self.longitude, 360.0),
            ("elevation", self.elevation, 9_000.0),
        ];
        match values
            .iter()
            .find(|(_, value, most)| !(-most..=*most).contains(value))
        {
            None => Ok(()),
            Some((name, value, most)) => Err(format!(
                "site.{name}: {value} is not within -{most} to {most}"
            )),
        }
    }

    pub(crate) fn site(self) -> Site {
        Site {
            latitude: self.latitude,
            longitude: self.longitude,
            elevation: self.elevation,
        }
    }

    /// From the Earth's centre, in au, in the axes of J2000. The aberration in the host's conversion turns it by 20", which is 0.4" of
    /// the Moon's parallax.
    pub(crate) fn vector(self, host: &dyn Host, at: Instant) -> [f64; 3] {
        let latitude = self.latitude.to_radians();
        // The ellipsoid is one that SOFA has, and the height none that it refuses.
        let [outward, _, north] = gd2gc(WGS84, 0.0, latitude, self.elevation).unwrap_or_default();
        // What stands in the zenith has the sidereal time as its right ascension.
        let zenith = host.to_equatorial(ZENITH, at, self.site());
        let jnow = Equatorial {
            ra: zenith.ra,
            dec: north.atan2(outward).to_degrees(),
        };
        let j2000 = host.convert(jnow, Frame::Jnow, Frame::J2000, at);
        let direction = s2c((j2000.ra * 15.0).to_radians(), j2000.dec.to_radians());
        sxp(outward.hypot(north) / DAU, &direction)
    }
}
