//! The sky of one call, and how an object is told to a client.

use serde::Serialize;
use slewgate_sdk::mount::Point;
use slewgate_sdk::{Failure, Frame, Host, Instant, angle};

use crate::body::{Body, Observer};
use crate::object::{Band, Kind, Object, Size};
use crate::place::Place;

/// Now, and here where the settings say where that is.
pub(crate) struct Sky<'a> {
    host: &'a dyn Host,
    at: Instant,
    place: Option<Place>,
}

/// An object as clients get it; what is not known is `null`.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    name: &'static str,
    names: Vec<&'static str>,
    #[serde(rename = "type")]
    kind: Kind,
    constellation: Option<&'static str>,
    /// Just what `goto` of a mount takes.
    j2000: Point,
    jnow: Point,
    altitude: Option<f64>,
    azimuth: Option<f64>,
    magnitude: Option<f32>,
    band: Option<Band>,
    /// Minutes of arc.
    size: Option<Size>,
    /// From where that counts.
    seen_from: Option<SeenFrom>,
    /// Degrees from the position that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<f64>,
}

/// The beginning of 2000, for which the places of stars are.
const J2000: Instant = 946_728_000_000.0;

/// Milliseconds.
const YEAR: f64 = 365.25 * 86_400e3;

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum SeenFrom {
    Site,
    Center,
}

impl<'a> Sky<'a> {
    pub(crate) fn new(host: &'a dyn Host, place: Option<Place>) -> Self {
        let at = host.now();
        Self { host, at, place }
    }

    /// None outside of 1900 to 2100.
    fn observer(&self) -> Option<Observer> {
        let center = Observer::at(self.at)?;
        Some(match self.place {
            Some(place) => center.on(place.vector(self.host, self.at)),
            None => center,
        })
    }

    pub(crate) fn body(&self, body: Body) -> Result<Object, Failure> {
        let object = self.observer().and_then(|observer| observer.object(body));
        object.ok_or_else(|| {
            Failure::Refused("places of the solar system are known for 1900 to 2100 alone; see to the host's clock".into())
        })
    }

    /// All of the solar system; none outside of 1900 to 2100.
    pub(crate) fn bodies(&self) -> Vec<Object> {
        let observer = self.observer();
        let seen = |observer: Observer| Body::ALL.map(|body| observer.object(body));
        observer.map(seen).into_iter().flatten().flatten().collect()
    }

    /// An object where it is now.
    pub(crate) fn now(&self, object: &Object) -> Object {
        object.later((self.at - J2000) / YEAR)
    }

    pub(crate) fn told(&self, object: &Object) -> Told {
        let object = self.now(object);
        let j2000 = object.position();
        let jnow = self.host.convert(j2000, Frame::J2000, Frame::Jnow, self.at);
        let direction = self
            .place
            .map(|place| self.host.to_horizontal(jnow, self.at, place.site()));
        let from = match self.place {
            Some(_) => SeenFrom::Site,
            None => SeenFrom::Center,
        };
        let names: Vec<_> = object.names().collect();
        Told {
            name: names.first().copied().unwrap_or_default(),
            names,
            kind: object.kind,
            constellation: object.constellation(),
            j2000: j2000.into(),
            jnow: jnow.into(),
            altitude: direction.map(|direction| angle::rounded(direction.altitude, 4)),
            azimuth: direction.map(|direction| angle::rounded(direction.azimuth, 4)),
            magnitude: object.magnitude.map(|magnitude| magnitude.value),
            band: object.magnitude.map(|magnitude| magnitude.band),
            size: object.size,
            seen_from: object.is_near().then_some(from),
            distance: None,
        }
    }
}

impl Told {
    pub(crate) fn at_distance(self, degrees: f64) -> Self {
        let distance = Some(angle::rounded(degrees, 4));
        Self { distance, ..self }
    }
}

/// The properties of [`Told`], for the schemas of results.
macro_rules! object_schema {
    () => {
        r#"{"type":"object","required":["name","names","type","constellation","j2000","jnow","altitude","azimuth","magnitude","band","size","seen_from"],"properties":{
"name":{"description":"the best known","type":"string"},
"names":{"description":"all, the best known first","type":"array","items":{"type":"string"}},
"type":{"description":"in words, such as galaxy","type":"string"},
"constellation":{"description":"null for the solar system","type":["string","null"]},
"j2000":{"description":"hours and degrees; as it is the params of a mount's goto","type":"object","required":["ra","dec"],"properties":{"ra":{"type":"number"},"dec":{"type":"number"}}},
"jnow":{"description":"the same at this moment","type":"object","required":["ra","dec"],"properties":{"ra":{"type":"number"},"dec":{"type":"number"}}},
"altitude":{"description":"degrees, without refraction; null where the settings have no site","type":["number","null"]},
"azimuth":{"description":"degrees from north through east; null where the settings have no site","type":["number","null"]},
"magnitude":{"type":["number","null"]},
"band":{"description":"of the magnitude: visual, or blue where no other is known","enum":["V","B",null]},
"size":{"description":"minutes of arc; minor is null where it is round or not known","type":["object","null"],"properties":{"major":{"type":"number"},"minor":{"type":["number","null"]}}},
"seen_from":{"description":"of the solar system: the site of the settings, or the Earth's center, from which the Moon is up to a degree elsewhere","enum":["site","center",null]},
"distance":{"description":"degrees from the position asked about, of near alone","type":"number"}}}"#
    };
}
/// The schema of several of them.
macro_rules! objects_schema {
    () => {
        concat!(
            r#"{"type":"object","required":["found","objects"],"properties":{
"found":{"description":"how many there are in all","type":"integer"},
"objects":{"type":"array","items":"#,
            $crate::sky::object_schema!(),
            "}}}"
        )
    };
}
pub(crate) use {object_schema, objects_schema};
