//! The objects that `build.rs` made of `data/`, and how they are found by a name.

use strsim::osa_distance;

use crate::body::Body;
use crate::key::key;
use crate::object::Object;

pub(crate) use made::OBJECTS;
use made::{KEYS, WORDS};

/// `OBJECTS`: the stars, brightest first, then the others. `KEYS`: every name as [`key`] has it, in order, and the number of its object.
/// `WORDS`: the names that are words, in the same way, and their spelling.
#[expect(clippy::approx_constant, reason = "a galaxy may be 3.14 minutes long")]
mod made {
    use crate::object::{Band, Kind, Magnitude, Object, Size};

    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}

/// Names that are told where one is not known.
const TOLD: usize = 3;

/// A part of a name that is shorter says little.
const TELLING: usize = 3;

/// The object of a name, however it is spelled.
pub(crate) fn find(name: &str) -> Option<&'static Object> {
    let key = key(name);
    let place = KEYS.binary_search_by(|(known, _)| (*known).cmp(key.as_str()));
    OBJECTS.get(usize::from(KEYS.get(place.ok()?)?.1))
}

/// For each object whether one of its names has `text` in it.
pub(crate) fn with_text(text: &str) -> Vec<bool> {
    let text = key(text);
    let mut with = vec![false; OBJECTS.len()];
    for (_, number) in KEYS.iter().filter(|(known, _)| known.contains(&text)) {
        with[usize::from(*number)] = true;
    }
    with
}

/// Names of which `name` is a part, or that are spelled much like it; the nearest first.
pub(crate) fn nearest(name: &str) -> Vec<&'static str> {
    let wanted = key(name);
    let bodies = Body::ALL.map(|body| (key(body.name()), body.name()));
    let bodies = bodies.iter().map(|(key, name)| (key.as_str(), *name));
    let all = WORDS.iter().copied().chain(bodies);
    let mut near: Vec<_> = all
        .filter_map(|(key, name)| Some((distance(&wanted, key)?, name)))
        .collect();
    near.sort_unstable();
    near.into_iter().take(TOLD).map(|(_, name)| name).collect()
}

/// In letters; none where the two have little in common.
fn distance(wanted: &str, known: &str) -> Option<usize> {
    if wanted.len() >= TELLING && (known.contains(wanted) || wanted.contains(known)) {
        return Some(0);
    }
    let most = 1 + wanted.len() / 4;
    let may_be = wanted.len() >= TELLING && wanted.len().abs_diff(known.len()) <= most;
    may_be
        .then(|| osa_distance(wanted, known))
        .filter(|distance| *distance <= most)
}
