//! What several objects are chosen by, and how many of them are told.

use serde::Serialize;
use slewgate_sdk::{Failure, json};

use crate::constellation::CONSTELLATIONS;
use crate::key::key;
use crate::object::{Kind, Object};
use crate::sky::Told;

/// Objects that are told where nobody says how many, and at most: an answer has 64 KiB.
const USUAL: usize = 20;
const MOST: usize = 50;

/// What an object must be; what is not given is not asked for.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) kind: Option<Kind>,
    pub(crate) constellation: Option<u8>,
    /// Magnitude.
    pub(crate) brighter_than: Option<f32>,
}

#[derive(Serialize)]
struct Objects {
    found: usize,
    objects: Vec<Told>,
}

impl Filter {
    pub(crate) fn lets_through(&self, object: &Object) -> bool {
        let is = |wanted: Kind| object.kind == wanted;
        let lies_in = |wanted: u8| object.constellation == Some(wanted);
        self.kind.is_none_or(is)
            && self.constellation.is_none_or(lies_in)
            && self
                .brighter_than
                .is_none_or(|limit| object.faintness() < limit)
    }
}

/// The constellation of an abbreviation, a name or a genitive.
pub(crate) fn constellation(text: &str) -> Result<u8, Failure> {
    let wanted = key(text);
    let is = |&(short, name, genitive): &(&str, &str, &str)| {
        [short, name, genitive]
            .iter()
            .any(|known| key(known) == wanted)
    };
    let place = CONSTELLATIONS
        .iter()
        .position(is)
        .and_then(|place| u8::try_from(place).ok());
    place.ok_or_else(|| {
        Failure::InvalidParams(format!(
            "constellation: {text:?} is none of the 88, such as Ori or Ursa Major"
        ))
    })
}

/// The first of `all`, which are in order.
pub(crate) fn first<T>(
    all: &[T],
    limit: Option<usize>,
    told: impl Fn(&T) -> Told,
) -> Result<String, Failure> {
    let limit = limit.unwrap_or(USUAL).min(MOST);
    json(&Objects {
        found: all.len(),
        objects: all.iter().take(limit).map(told).collect(),
    })
}

/// The properties of params that a filter is made of, and the limit.
macro_rules! filter_properties {
    () => {
        r#"
"type":{"enum":["sun","moon","planet","star","double star","association of stars","open cluster","globular cluster","cluster with nebula","galaxy","galaxy pair","galaxy triplet","group of galaxies","planetary nebula","HII region","dark nebula","emission nebula","nebula","reflection nebula","supernova remnant","nova","nonexistent object","other object"]},
"brighter_than":{"description":"magnitude","type":"number","minimum":-30,"maximum":30},
"limit":{"description":"how many at most; 20 if not given","type":"integer","minimum":1,"maximum":50}"#
    };
}
pub(crate) use filter_properties;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::OBJECTS;
    use crate::sky::Sky;
    use slewgate_sdk::Script;

    #[test]
    fn as_many_as_are_told_at_most_fit_into_an_answer_whichever_they_are() {
        let script = Script::new();
        let sky = Sky::new(&script, None);
        let told = |object| json(&sky.told(object).at_distance(29.9999)).unwrap().len();
        let mut lengths: Vec<usize> = OBJECTS.iter().map(told).collect();
        lengths.sort_unstable();
        let longest: usize = lengths.iter().rev().take(MOST).sum();
        // With a site each has two angles more.
        assert!(longest + MOST * 40 < 64 * 1024, "{longest}");
    }
}
