//! A host with a sky that is right: the algorithms of SOFA, as the program has them. It has nothing else.

use slewgate_sdk::{
    Equatorial, Failure, Frame, Horizontal, Host, Instant, Line, LineError, Millis, MotionError,
    Plan, Script, Site,
};
use sofars::astro::{IauAstrom, apcg, atciq, aticq};
use sofars::consts::DAYSEC;
use sofars::eph::epv00;
use sofars::erst::gst06a;
use sofars::pnp::pnm06a;
use sofars::vm::anp;

/// The catalogue asks it for the time and the sky; for all else there is a script without steps.
pub(crate) struct Real {
    now: Instant,
    script: Script,
}

const JD_1970: f64 = 2_440_587.5;

/// TT-UTC since 2017, in seconds. What of it is too much before then moves no frame by 0.001".
const TT_UTC: f64 = 69.184;

impl Real {
    pub(crate) fn at(now: Instant) -> Self {
        let script = Script::new();
        Self { now, script }
    }

    fn days(at: Instant) -> (f64, f64) {
        let utc = at / 1e3 / DAYSEC;
        (utc, utc + TT_UTC / DAYSEC)
    }

    fn astrom(at: Instant) -> IauAstrom {
        let (_, tt) = Self::days(at);
        let (earth, barycentric) = epv00(JD_1970, tt).unwrap_or_default();
        let mut astrom = IauAstrom::default();
        apcg(JD_1970, tt, &barycentric, &earth[0], &mut astrom);
        astrom.bpn = pnm06a(JD_1970, tt);
        astrom
    }
}

impl Host for Real {
    fn now(&self) -> Instant {
        self.now
    }

    fn convert(
        &self,
        position: Equatorial,
        given: Frame,
        wanted: Frame,
        at: Instant,
    ) -> Equatorial {
        let (ra, dec) = ((position.ra * 15.0).to_radians(), position.dec.to_radians());
        let mut astrom = Self::astrom(at);
        let (ra, dec) = match (given, wanted) {
            (Frame::J2000, Frame::Jnow) => atciq(ra, dec, 0.0, 0.0, 0.0, 0.0, &mut astrom),
            (Frame::Jnow, Frame::J2000) => aticq(ra, dec, &mut astrom),
            _ => (ra, dec),
        };
        let (ra, dec) = (anp(ra).to_degrees() / 15.0, dec.to_degrees());
        Equatorial { ra, dec }
    }

    /// Of the zenith.
    fn to_equatorial(&self, position: Horizontal, at: Instant, site: Site) -> Equatorial {
        assert_eq!(position.altitude, 90.0);
        let (utc, tt) = Self::days(at);
        let sidereal = gst06a(JD_1970, utc, JD_1970, tt).to_degrees() + site.longitude;
        Equatorial {
            ra: sidereal.rem_euclid(360.0) / 15.0,
            dec: site.latitude,
        }
    }

    /// In a sky without precession: what it is worth is not what these tests are about.
    fn to_horizontal(&self, position: Equatorial, at: Instant, site: Site) -> Horizontal {
        self.script.to_horizontal(position, at, site)
    }

    fn sidereal_time(&self, at: Instant, site: Site) -> f64 {
        self.script.sidereal_time(at, site)
    }

    fn separation(&self, a: Equatorial, b: Equatorial) -> f64 {
        self.script.separation(a, b)
    }

    fn sleep(&self, at_most: Millis) -> Result<(), LineError> {
        self.script.sleep(at_most)
    }

    fn line(&self, role: &str) -> Result<Box<dyn Line>, LineError> {
        Host::line(&self.script, role)
    }

    fn begin(&self, plan: &Plan) -> Result<u32, MotionError> {
        self.script.begin(plan)
    }

    fn recall(&self, key: &str) -> Option<Vec<u8>> {
        self.script.recall(key)
    }

    fn keep(&self, key: &str, value: &[u8]) -> Result<(), Failure> {
        self.script.keep(key, value)
    }

    fn publish(&self, topic: &str, data: &str) {
        self.script.publish(topic, data);
    }
}
