//! The Sun, the Moon and the planets: where they are, how large and how bright.
//!
//! Sources: SOFA's `plan94`, `moon98` and `epv00` for the places; the IAU's radii of 2015 (Archinal et al. 2018). The places are
//! astrometric: where the body was when the light left it, without aberration, which `sky.convert` adds as it does for stars.

use slewgate_sdk::Instant;
use sofars::cal::jd2cal;
use sofars::consts::{AULT, DAU, DAYSEC, TTMTAI};
use sofars::eph::{epv00, moon98, plan94};
use sofars::ts::dat;
use sofars::vm::{anp, c2s, pm, pmp, ppp, ppsp};

use crate::brightness::magnitude;
use crate::object::{Band, Kind, Magnitude, Object, Size};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Sun,
    Moon,
    Mercury,
    Venus,
    Mars,
    Jupiter,
    Saturn,
    Uranus,
    Neptune,
}

/// Somebody who looks at a moment, from the Earth's centre or from a place on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observer {
    /// Terrestrial time, in days since 1970.
    time: f64,
    /// The Earth's centre from the Sun, au, in the axes of J2000.
    earth: [f64; 3],
    /// Its velocity, au a day.
    velocity: [f64; 3],
    /// The observer from the Earth's centre, au.
    place: [f64; 3],
}

/// A body as it is seen: vectors in au, in the axes of J2000.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// From the observer.
    pub(crate) from_observer: [f64; 3],
    pub(crate) from_sun: [f64; 3],
}

/// Julian date of 1970-01-01T00:00Z.
const JD_1970: f64 = 2_440_587.5;

/// TAI-UTC in seconds since 2017, the last leap second that the tables know.
const NEWEST_LEAP: f64 = 37.0;

/// How often the time of the light is corrected: after three times what is left is below 0.001".
const CORRECTIONS: usize = 3;

impl Body {
    pub(crate) const ALL: [Body; 9] = [
        Body::Sun,
        Body::Moon,
        Body::Mercury,
        Body::Venus,
        Body::Mars,
        Body::Jupiter,
        Body::Saturn,
        Body::Uranus,
        Body::Neptune,
    ];

    /// All names, as an object has them.
    pub(crate) fn names(self) -> &'static str {
        match self {
            Body::Sun => "Sun,Sol",
            Body::Moon => "Moon,Luna",
            Body::Mercury => "Mercury",
            Body::Venus => "Venus",
            Body::Mars => "Mars",
            Body::Jupiter => "Jupiter",
            Body::Saturn => "Saturn",
            Body::Uranus => "Uranus",
            Body::Neptune => "Neptune",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Body::Sun => Kind::Sun,
            Body::Moon => Kind::Moon,
            _ => Kind::Planet,
        }
    }

    /// At the equator, in km.
    fn radius(self) -> f64 {
        match self {
            Body::Sun => 695_700.0,
            Body::Moon => 1_737.4,
            Body::Mercury => 2_440.53,
            Body::Venus => 6_051.8,
            Body::Mars => 3_396.19,
            Body::Jupiter => 71_492.0,
            Body::Saturn => 60_268.0,
            Body::Uranus => 25_559.0,
            Body::Neptune => 24_764.0,
        }
    }
}

impl Observer {
    /// At the Earth's centre. None outside of 1900 to 2100, for which there are no places.
    pub(crate) fn at(instant: Instant) -> Option<Self> {
        let days = instant / 1e3 / DAYSEC;
        let time = days + (tai_minus_utc(days) + TTMTAI) / DAYSEC;
        let ([earth, velocity], _) = epv00(JD_1970, time)?;
        let place = [0.0; 3];
        Some(Self {
            time,
            earth,
            velocity,
            place,
        })
    }

    /// At a place, from the Earth's centre in au, in the axes of J2000.
    pub(crate) fn on(self, place: [f64; 3]) -> Self {
        Self { place, ..self }
    }

    /// None: its place is not known, which no body of the list has.
    pub(crate) fn sees(&self, body: Body) -> Option<Seen> {
        let here = ppp(&self.earth, &self.place);
        let mut from_sun = self.place_of(body, 0.0)?;
        for _ in 0..CORRECTIONS {
            let light = pm(pmp(&from_sun, &here)) * AULT / DAYSEC;
            from_sun = self.place_of(body, light)?;
        }
        let from_observer = pmp(&from_sun, &here);
        Some(Seen {
            from_observer,
            from_sun,
        })
    }

    /// From the Sun, so many days ago. What the Sun itself moves meanwhile is below 0.01".
    fn place_of(&self, body: Body, ago: f64) -> Option<[f64; 3]> {
        let number = match body {
            Body::Sun => return Some([0.0; 3]),
            Body::Moon => {
                let [from_earth, _] = moon98(JD_1970, self.time - ago);
                return Some(ppp(&ppsp(&self.earth, -ago, &self.velocity), &from_earth));
            }
            Body::Mercury => 1,
            Body::Venus => 2,
            Body::Mars => 4,
            Body::Jupiter => 5,
            Body::Saturn => 6,
            Body::Uranus => 7,
            Body::Neptune => 8,
        };
        let ([from_sun, _], _) = plan94(JD_1970, self.time - ago, number).ok()?;
        Some(from_sun)
    }

    /// As the catalogue has objects.
    pub(crate) fn object(&self, body: Body) -> Option<Object> {
        let seen = self.sees(body)?;
        let (ra, dec) = c2s(&seen.from_observer);
        let diameter = 2.0 * (body.radius() * 1e3 / DAU / seen.distance()).asin();
        Some(Object {
            names: body.names(),
            kind: body.kind(),
            constellation: None,
            ra: anp(ra).to_degrees(),
            dec: dec.to_degrees(),
            motion: [0.0; 2],
            magnitude: Some(Magnitude {
                value: tenth(magnitude(body, &seen)),
                band: Band::V,
            }),
            size: Some(Size {
                major: tenth_of_second(diameter.to_degrees() * 60.0),
                minor: None,
            }),
        })
    }
}

impl Seen {
    /// From the observer, in au.
    pub(crate) fn distance(&self) -> f64 {
        pm(self.from_observer)
    }
}

/// No formula has a magnitude better.
fn tenth(magnitude: f64) -> f32 {
    (magnitude * 10.0).round() as f32 / 10.0
}

/// Minutes of arc, about to a tenth of a second.
fn tenth_of_second(minutes: f64) -> f32 {
    (minutes * 1e3).round() as f32 / 1e3
}

/// TAI-UTC in seconds at an instant in days since 1970. After the last leap second that the tables know, it stays.
fn tai_minus_utc(days: f64) -> f64 {
    jd2cal(JD_1970, days)
        .and_then(|(year, month, day, fraction)| dat(year, month, day, fraction))
        .unwrap_or(NEWEST_LEAP)
}
