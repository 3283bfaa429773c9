//! Frames, horizon, sidereal time and the Sun.

use crate::coordinates::{Equatorial, Frame, Horizontal, Site, full_circle, hours};
use crate::slow::{JD_1970, MS_PER_DAY, Minute, SlowTerms};
use sofars::consts::DAYSEC;
use sofars::coords::{ae2hd, hd2ae};
use sofars::erst::era00;
use std::sync::{Arc, Mutex, PoisonError};

/// Computes positions. Clones share what they keep of the current minute; any thread may ask.
///
/// Instants outside 1900 to 2100 get the precession, nutation and Earth of the nearest year within.
#[derive(Clone, Debug)]
pub struct Sky {
    /// UT1-UTC in days.
    dut1: f64,
    kept: Arc<Mutex<Option<(Minute, SlowTerms)>>>,
}

impl Sky {
    /// With UT1-UTC in seconds (IERS Bulletin A); 0 where it is unknown errs by at most 0.9 s of time, 13".
    pub fn new(dut1_seconds: f64) -> Self {
        Self {
            dut1: dut1_seconds / DAYSEC,
            kept: Arc::default(),
        }
    }

    /// A position given in one frame, in another, at an instant.
    pub fn convert(
        &self,
        position: Equatorial,
        given: Frame,
        wanted: Frame,
        at: f64,
    ) -> Equatorial {
        let radians = position.radians();
        Equatorial::from_radians(match (given, wanted) {
            (Frame::J2000, Frame::JNow) => self.slow(at).apparent(radians, at),
            (Frame::JNow, Frame::J2000) => self.slow(at).catalogue(radians, at),
            (Frame::J2000, Frame::J2000) | (Frame::JNow, Frame::JNow) => radians,
        })
    }

    /// Where a position in JNow stands over a site at an instant. Diurnal aberration (0.3" at most) is left out.
    pub fn to_horizontal(&self, jnow: Equatorial, at: f64, site: &Site) -> Horizontal {
        let (ra, dec) = jnow.radians();
        let [azimuth, altitude] = hd2ae(
            self.sidereal(at, site) - ra,
            dec,
            site.latitude.to_radians(),
        );
        Horizontal {
            altitude: altitude.to_degrees(),
            azimuth: full_circle(azimuth),
        }
    }

    /// The position in JNow that stands at an altitude and azimuth over a site at an instant.
    pub fn from_horizontal(&self, horizontal: Horizontal, at: f64, site: &Site) -> Equatorial {
        let (azimuth, altitude) = (
            horizontal.azimuth.to_radians(),
            horizontal.altitude.to_radians(),
        );
        let [hour_angle, dec] = ae2hd(azimuth, altitude, site.latitude.to_radians());
        Equatorial::from_radians((self.sidereal(at, site) - hour_angle, dec))
    }

    /// Local apparent sidereal time in hours, 0 to 24.
    pub fn sidereal_time(&self, at: f64, site: &Site) -> f64 {
        hours(self.sidereal(at, site))
    }

    /// The Sun in JNow.
    pub fn sun(&self, at: f64) -> Equatorial {
        Equatorial::from_radians(self.slow(at).sun(at))
    }

    /// Local apparent sidereal time in radians, of any turn.
    fn sidereal(&self, at: f64, site: &Site) -> f64 {
        let rotation = era00(JD_1970, at / MS_PER_DAY + self.dut1);
        rotation - self.slow(at).origins + site.longitude.to_radians()
    }

    /// The slow terms of the instant's minute, computed once for it.
    fn slow(&self, at: f64) -> SlowTerms {
        let minute = Minute::of(at);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match *kept {
            Some((of, terms)) if of == minute => terms,
            _ => kept.insert((minute, SlowTerms::new(minute))).1,
        }
    }
}
