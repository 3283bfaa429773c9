//! What changes so slowly that one computation serves a minute: precession and nutation, and where the Earth is.

use sofars::astro::{IauAstrom, ab, apcg, atciq, aticq};
use sofars::cal::jd2cal;
use sofars::consts::{DAYSEC, TTMTAI};
use sofars::eph::epv00;
use sofars::pnp::{bpn2xy, eors, pnm06a, s06};
use sofars::ts::dat;
use sofars::vm::{c2s, pn, rxp};

/// Minutes since 1970: the key under which the terms are kept. The terms are those of its middle, so that an answer
/// follows from its instant and not from what was asked before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Minute(i64);

/// The slow terms at the middle of a minute. Within it, what is left out stays below 0.001".
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlowTerms {
    /// Geocentric; its matrix leads to the true equator and *equinox* of date, not to the intermediate origin, so that
    /// right ascensions are those which mounts work in.
    astrom: IauAstrom,
    /// From the Sun to the Earth (au) and its change (au a day).
    earth: [[f64; 3]; 2],
    /// Equation of the origins (radians): Earth rotation angle minus Greenwich apparent sidereal time.
    pub(crate) origins: f64,
    /// The instant that the terms are for, in days since 1970.
    middle: f64,
}

/// Julian date of 1970-01-01T00:00Z.
pub(crate) const JD_1970: f64 = 2_440_587.5;
const MINUTES_PER_DAY: f64 = 1440.0;
pub(crate) const MS_PER_DAY: f64 = DAYSEC * 1e3;

/// The years in which SOFA's ephemeris of the Earth holds, 1900 to 2100, in minutes since 1970.
const FIRST_MINUTE: i64 = -25_567 * 1440;
const LAST_MINUTE: i64 = 47_482 * 1440 - 1;

/// TAI-UTC in seconds since 2017, the last leap second that the tables know.
const NEWEST_LEAP: f64 = 37.0;

impl Minute {
    /// The minute of an instant in milliseconds since 1970; outside 1900 to 2100 the nearest within.
    pub(crate) fn of(at: f64) -> Self {
        Self(((at / 60e3).floor() as i64).clamp(FIRST_MINUTE, LAST_MINUTE))
    }

    /// Its middle, in days since 1970.
    fn middle(self) -> f64 {
        (self.0 as f64 + 0.5) / MINUTES_PER_DAY
    }
}

impl SlowTerms {
    pub(crate) fn new(minute: Minute) -> Self {
        let middle = minute.middle();
        let tt = middle + (tai_minus_utc(middle) + TTMTAI) / DAYSEC;
        let matrix = pnm06a(JD_1970, tt);
        let (x, y) = bpn2xy(&matrix);
        let origins = eors(&matrix, s06(JD_1970, tt, x, y));
        // Always there: `Minute` keeps to the years in which the ephemeris answers.
        let (earth, barycentric) = epv00(JD_1970, tt).unwrap_or_default();
        let mut astrom = IauAstrom::default();
        apcg(JD_1970, tt, &barycentric, &earth[0], &mut astrom);
        astrom.bpn = matrix;
        Self {
            astrom,
            earth,
            origins,
            middle,
        }
    }

    /// From ICRS to the true equator and equinox of date: light bent by the Sun, aberration, precession, nutation.
    pub(crate) fn apparent(&self, (ra, dec): (f64, f64), at: f64) -> (f64, f64) {
        atciq(ra, dec, 0.0, 0.0, 0.0, 0.0, &mut self.astrom(at))
    }

    /// Back from the true equator and equinox of date to ICRS.
    pub(crate) fn catalogue(&self, (ra, dec): (f64, f64), at: f64) -> (f64, f64) {
        aticq(ra, dec, &mut self.astrom(at))
    }

    /// The apparent Sun at an instant of this minute, at the true equator and equinox of date.
    pub(crate) fn sun(&self, at: f64) -> (f64, f64) {
        let IauAstrom {
            eh,
            em,
            v,
            bm1,
            bpn,
            ..
        } = self.astrom(at);
        let proper = ab(&eh.map(|away| -away), &v, em, bm1);
        let mut of_date = [0.0; 3];
        rxp(&bpn, &proper, &mut of_date);
        c2s(&of_date)
    }

    /// The terms with the Sun where it is at an instant of this minute: it moves 2.5" in one.
    fn astrom(&self, at: f64) -> IauAstrom {
        let half = 0.5 / MINUTES_PER_DAY;
        let passed = (at / MS_PER_DAY - self.middle).clamp(-half, half);
        let [place, velocity] = self.earth;
        let (em, eh) = pn(&std::array::from_fn(|i| place[i] + velocity[i] * passed));
        IauAstrom {
            eh,
            em,
            ..self.astrom
        }
    }
}

/// TAI-UTC in seconds at an instant in days since 1970. After the last leap second that the tables know, it stays.
fn tai_minus_utc(days: f64) -> f64 {
    jd2cal(JD_1970, days)
        .and_then(|(year, month, day, fraction)| dat(year, month, day, fraction))
        .unwrap_or(NEWEST_LEAP)
}
