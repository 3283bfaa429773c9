//! `sky.wit`, served by `slewgate-sky`.

use slewgate_sky::Sky;
use wasmtime::Result;

use super::situation::PolicyPowers;
use super::{Guest, HandlerPowers};
use crate::bindings::sky::{Equatorial, Frame, Horizontal, Host, Site};

/// Powers that know the sky.
pub(crate) trait Skies {
    fn sky(&self) -> &Sky;
}

impl Skies for HandlerPowers {
    fn sky(&self) -> &Sky {
        &self.table.surroundings().sky
    }
}

impl Skies for PolicyPowers {
    fn sky(&self) -> &Sky {
        &self.surroundings.sky
    }
}

impl<P: Skies> Host for Guest<P> {
    fn convert(
        &mut self,
        position: Equatorial,
        given: Frame,
        wanted: Frame,
        at: f64,
    ) -> Result<Equatorial> {
        Ok(self
            .powers
            .sky()
            .convert(position.into(), given.into(), wanted.into(), at)
            .into())
    }

    fn to_horizontal(&mut self, position: Equatorial, at: f64, site: Site) -> Result<Horizontal> {
        Ok(self
            .powers
            .sky()
            .to_horizontal(position.into(), at, &site.into())
            .into())
    }

    fn from_horizontal(&mut self, position: Horizontal, at: f64, site: Site) -> Result<Equatorial> {
        Ok(self
            .powers
            .sky()
            .from_horizontal(position.into(), at, &site.into())
            .into())
    }

    fn sidereal_time(&mut self, at: f64, site: Site) -> Result<f64> {
        Ok(self.powers.sky().sidereal_time(at, &site.into()))
    }

    fn sun(&mut self, at: f64) -> Result<Equatorial> {
        Ok(self.powers.sky().sun(at).into())
    }

    fn separation(&mut self, a: Equatorial, b: Equatorial) -> Result<f64> {
        Ok(slewgate_sky::separation(a.into(), b.into()))
    }
}

impl From<Equatorial> for slewgate_sky::Equatorial {
    fn from(position: Equatorial) -> Self {
        slewgate_sky::Equatorial {
            ra: position.ra,
            dec: position.dec,
        }
    }
}

impl From<slewgate_sky::Equatorial> for Equatorial {
    fn from(position: slewgate_sky::Equatorial) -> Self {
        Equatorial {
            ra: position.ra,
            dec: position.dec,
        }
    }
}

impl From<Horizontal> for slewgate_sky::Horizontal {
    fn from(position: Horizontal) -> Self {
        slewgate_sky::Horizontal {
            altitude: position.altitude,
            azimuth: position.azimuth,
        }
    }
}

impl From<slewgate_sky::Horizontal> for Horizontal {
    fn from(position: slewgate_sky::Horizontal) -> Self {
        Horizontal {
            altitude: position.altitude,
            azimuth: position.azimuth,
        }
    }
}

impl From<Site> for slewgate_sky::Site {
    fn from(site: Site) -> Self {
        slewgate_sky::Site {
            latitude: site.latitude,
            longitude: site.longitude,
            elevation: site.elevation,
        }
    }
}

impl From<slewgate_sky::Site> for Site {
    fn from(site: slewgate_sky::Site) -> Self {
        Site {
            latitude: site.latitude,
            longitude: site.longitude,
            elevation: site.elevation,
        }
    }
}

impl From<Frame> for slewgate_sky::Frame {
    fn from(frame: Frame) -> Self {
        match frame {
            Frame::J2000 => slewgate_sky::Frame::J2000,
            Frame::Jnow => slewgate_sky::Frame::JNow,
        }
    }
}
