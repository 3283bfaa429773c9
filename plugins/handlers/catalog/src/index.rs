//! The objects that `build.rs` made of `data/`, and how they are found by a name.

use strsim::osa_distance;

use crate::body::Body;
use crate::key::key;
use crate::object::Object;

pub(crate) use made::OBJECTS;
use made::{KEYS, LETTERS, WORDS};

/// `OBJECTS`: the stars, brightest first, then the others. `KEYS`: every name as [`key`] has it, in order, and the number of its object.
/// `WORDS`: the names that are words, in the same way, and their spelling. `LETTERS`: those of stars that are one Latin letter and a
/// constellation, such as `P Car`, with that letter: `p Car` is another star.
#[expect(clippy::approx_constant, reason = "a galaxy may be 3.14 minutes long")]
mod made {
    use crate::object::{Band, Kind, Magnitude, Object, Size};

    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}

/// Names that are told where one is not known.
const TOLD: usize = 3;

/// What is shorter says little of a name that begins with it, or of one that is spelled much like it.
const TELLING: usize = 3;
const SPELLED: usize = 4;

/// Greek letters as star lists abbreviate them; the others have no more than three letters, or are begun by those of another.
const GREEK: [(&str, &str); 17] = [
    ("alf", "α"),
    ("alp", "α"),
    ("bet", "β"),
    ("gam", "γ"),
    ("del", "δ"),
    ("eps", "ε"),
    ("zet", "ζ"),
    ("tet", "θ"),
    ("the", "θ"),
    ("iot", "ι"),
    ("kap", "κ"),
    ("lam", "λ"),
    ("ksi", "ξ"),
    ("omi", "ο"),
    ("sig", "σ"),
    ("ups", "υ"),
    ("ome", "ω"),
];

/// The object of a name, however it is spelled.
pub(crate) fn find(name: &str) -> Option<&'static Object> {
    let number = number(name).or_else(|| number(&with_greek_letter(name)?))?;
    OBJECTS.get(usize::from(number))
}

fn number(name: &str) -> Option<u16> {
    let key = key(name);
    let first = name.chars().find(char::is_ascii_alphabetic);
    let mut letters = LETTERS.iter().filter(|((known, _), _)| *known == key);
    match letters
        .clone()
        .find(|((_, letter), _)| Some(*letter) == first)
    {
        Some((_, number)) => Some(*number),
        // Who writes all letters alike says nothing by their case.
        None if letters.next().is_some() && is_in_both_cases(name) => None,
        None => {
            let place = KEYS.binary_search_by(|(known, _)| (*known).cmp(key.as_str()));
            Some(KEYS.get(place.ok()?)?.1)
        }
    }
}

fn is_in_both_cases(name: &str) -> bool {
    name.contains(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// `ε1 Lyr` of `eps1 Lyr`.
fn with_greek_letter(name: &str) -> Option<String> {
    let name = name.trim_start();
    let (short, rest) = name.split_at_checked(3)?;
    let (_, letter) = GREEK
        .iter()
        .find(|(known, _)| short.eq_ignore_ascii_case(known))?;
    let is_whole = !rest.starts_with(char::is_alphabetic);
    is_whole.then(|| format!("{letter}{rest}"))
}

/// For each object whether one of its names has `text` in it, which is a key.
pub(crate) fn with_text(text: &str) -> Vec<bool> {
    let mut with = vec![false; OBJECTS.len()];
    for (_, number) in KEYS.iter().filter(|(known, _)| known.contains(text)) {
        with[usize::from(*number)] = true;
    }
    with
}

/// Names of which `name` is a part, or that are spelled much like it; the nearest first.
pub(crate) fn nearest(name: &str) -> Vec<&'static str> {
    let wanted = key(name);
    let bodies: Vec<_> = Body::ALL
        .into_iter()
        .flat_map(|body| body.names().split(','))
        .map(|name| (key(name), name))
        .collect();
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
    let begins = wanted.len() >= TELLING && known.starts_with(wanted);
    if begins || is_half_of(wanted, known) || is_half_of(known, wanted) {
        return Some(0);
    }
    // A slip in a short name, two in a long one.
    let most = match wanted.len() {
        0..SPELLED => return None,
        SPELLED..12 => 1,
        _ => 2,
    };
    (wanted.len().abs_diff(known.len()) <= most)
        .then(|| osa_distance(wanted, known))
        .filter(|distance| *distance <= most)
}

/// Whether it is a part of `whole`, and not a small one.
fn is_half_of(part: &str, whole: &str) -> bool {
    2 * part.len() >= whole.len() && part.len() >= SPELLED && whole.contains(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Kind;
    use sofars::vm::seps;

    /// Degrees: pairs of stars are closer.
    const ONE_PLACE: f64 = 0.1;

    fn apart(one: &Object, other: &Object) -> f64 {
        let [ra, dec, other_ra, other_dec] =
            [one.ra, one.dec, other.ra, other.dec].map(f64::to_radians);
        seps(ra, dec, other_ra, other_dec).to_degrees()
    }

    #[test]
    fn no_name_of_a_star_that_is_a_word_belongs_to_another_in_a_different_place() {
        let stars = OBJECTS.iter().filter(|object| object.kind == Kind::Star);
        let words = stars.flat_map(|star| {
            let words = star.names().filter(|name| !name.contains([' ', '-']));
            words.map(move |name| (name, star))
        });
        let mut known = std::collections::BTreeMap::new();
        for (name, star) in words {
            let first: &Object = known.entry(key(name)).or_insert(star);
            assert!(apart(first, star) < ONE_PLACE, "{name}");
        }
        assert!(known.len() > 300, "{}", known.len());
    }

    #[test]
    fn a_letter_and_a_constellation_are_no_word_that_something_else_is_called() {
        for ((known, _), _) in &LETTERS {
            assert!(WORDS.iter().all(|(word, _)| word != known), "{known}");
        }
    }

    #[test]
    fn only_what_is_really_near_is_told() {
        for (near, told) in [
            ("Heart", "Heart Nebula"),
            ("Eta Carina", "Eta Carinae Nebula"),
            ("Hercules Custer", "Hercules Cluster"),
            ("Veil", "Veil Nebula"),
            ("lunna", "Luna"),
        ] {
            assert_eq!(nearest(near), [told]);
        }
        for far in [
            "Herbert",
            "a",
            "Death Star",
            "Nebula of the Heart of Gold",
            "Cone Nebula",
        ] {
            assert_eq!(nearest(far), [""; 0], "{far}");
        }
    }
}
