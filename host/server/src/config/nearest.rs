//! What somebody may have meant by a key that is not known.

use serde_json::Value;

use super::shape::Shape;

/// Names that the settings of older servers had.
const OLD_NAMES: [(&str, &[&str]); 4] = [
    ("commandport", &["command", "port"]),
    ("liveviewport", &["liveview", "port"]),
    ("webport", &["web", "port"]),
    (
        "request_limit_per_minute",
        &["admission", "requests_per_minute"],
    ),
];

/// Sections whose tables the administrator names.
const NAMED: [&str; 4] = ["lines", "cameras", "plugins", "policies"];

/// The sentence for an unknown key: which, and the nearest known one.
pub(super) fn unknown_key(path: &[String]) -> String {
    let written = path.join(".");
    match meant(path) {
        Some(known) => format!("unknown key {written}; did you mean {}?", spoken(&known)),
        None => format!(
            "unknown key {written}; known here: {}",
            siblings(path).join(", ")
        ),
    }
}

/// A key as people look for it: `[command] port`.
pub(super) fn spoken(path: &[String]) -> String {
    match path {
        [] => "the file".to_owned(),
        [section] => format!("[{section}]"),
        [section, name] if NAMED.contains(&section.as_str()) => format!("[{section}.{name}]"),
        [section, name, rest @ ..] if NAMED.contains(&section.as_str()) => {
            format!("[{section}.{name}] {}", rest.join("."))
        }
        [section, rest @ ..] => format!("[{section}] {}", rest.join(".")),
    }
}

fn meant(path: &[String]) -> Option<Vec<String>> {
    let key = path.last()?.to_lowercase();
    let old = OLD_NAMES.iter().find(|(old, _)| *old == key);
    old.map(|(_, now)| now.iter().map(|part| (*part).to_owned()).collect())
        .or_else(|| elsewhere(&key, 0))
        .or_else(|| sibling(path, &key))
        .or_else(|| elsewhere(&key, 2))
}

/// The nearest key of the same table.
fn sibling(path: &[String], key: &str) -> Option<Vec<String>> {
    let name = closest(key, siblings(path), key.chars().count().div_ceil(2))?;
    let parent = path.split_last().map_or(&[][..], |(_, parent)| parent);
    Some(parent.iter().cloned().chain([name]).collect())
}

/// A key of this name, or of its section's and its name together, in some other table.
fn elsewhere(key: &str, at_most: usize) -> Option<Vec<String>> {
    let known = known();
    let sections = known
        .as_object()?
        .iter()
        .filter(|(section, _)| !NAMED.contains(&section.as_str()));
    let keys = sections.flat_map(|(section, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(|(name, _)| vec![section.clone(), name.clone()])
    });
    let distance = |path: &Vec<String>| {
        let joined = path.join("_");
        path.last()
            .into_iter()
            .chain([&joined])
            .map(|name| edits(key, name))
            .min()
            .unwrap_or(usize::MAX)
    };
    keys.min_by_key(distance)
        .filter(|path| distance(path) <= at_most)
}

fn siblings(path: &[String]) -> Vec<String> {
    let mut table = &known();
    let parent = path.split_last().map_or(&[][..], |(_, parent)| parent);
    for (depth, part) in parent.iter().enumerate() {
        let named = depth == 1 && NAMED.contains(&parent[0].as_str());
        let below = if named {
            table.as_object().and_then(|tables| tables.values().next())
        } else {
            table.get(part)
        };
        table = below.unwrap_or(&Value::Null);
    }
    table
        .as_object()
        .into_iter()
        .flat_map(|keys| keys.keys().cloned())
        .collect()
}

/// Every known key, as the shape has it.
fn known() -> Value {
    serde_json::to_value(Shape::default()).unwrap_or_default()
}

fn closest(key: &str, names: Vec<String>, at_most: usize) -> Option<String> {
    let nearest = names.into_iter().min_by_key(|name| edits(key, name))?;
    (edits(key, &nearest) <= at_most).then_some(nearest)
}

/// How many characters must be put in, taken out or changed to get from one text to the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}
