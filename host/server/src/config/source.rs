//! Where each value was written: the file's text and the tree parsed from it, with the environment laid over it.
//!
//! Values of the environment get positions behind the end of the file, a block for each variable, so that one
//! number says for any value whether to name a line or a variable.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::error::ConfigError;
use super::nearest;
use super::shape::Shape;

pub(super) struct Source<'t> {
    name: &'t str,
    text: &'t str,
    tree: DeTable<'t>,
    /// For each variable: where its block of positions ends, and its name.
    variables: Vec<(usize, &'t str)>,
}

impl<'t> Source<'t> {
    /// Parses the file's text, which does not yet say that its keys are known.
    pub(super) fn parse(name: &'t str, text: &'t str) -> Result<Self, ConfigError> {
        let parsed = DeTable::parse(text);
        let tree = parsed.map_err(|error| {
            let at = error.span().map_or(text.len(), |span| span.start);
            ConfigError::new(format!("{name}:{}", line_of(text, at)), error.message())
        })?;
        Ok(Self {
            name,
            text,
            tree: tree.into_inner(),
            variables: Vec::new(),
        })
    }

    /// Lays the value of an environment variable over the file's. It is read as TOML where it is TOML, else as text.
    pub(super) fn overlay(&mut self, variable: &'t str, path: &[&str], value: &'t str) {
        let start = self
            .variables
            .last()
            .map_or(self.text.len() + 1, |(end, _)| *end);
        let end = start + path.len() + 1;
        self.variables.push((end, variable));
        let value = DeValue::parse(value)
            .map_or(DeValue::String(Cow::Borrowed(value)), Spanned::into_inner);
        lay(&mut self.tree, path, start, moved(value, end - 1..end));
    }

    /// The shape of what is written, or the first thing that does not fit it.
    pub(super) fn shape(&self) -> Result<Shape, ConfigError> {
        let root = Spanned::new(0..self.text.len(), self.tree.clone());
        Shape::deserialize(Deserializer::from(root)).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let path = path_at(&self.tree, &span).unwrap_or_default();
            let sentence = if error.message().starts_with("unknown field") {
                nearest::unknown_key(&path)
            } else {
                format!("{}: {}", nearest::spoken(&path), in_words(error.message()))
            };
            ConfigError::new(self.place_of(span.start), sentence)
        })
    }

    /// An error at the key with this path, or at as much of the path as was written.
    pub(super) fn error(&self, path: &[&str], sentence: impl Into<String>) -> ConfigError {
        let place = key_span(&self.tree, path)
            .map_or_else(|| self.name.to_owned(), |span| self.place_of(span.start));
        ConfigError::new(place, sentence)
    }

    fn place_of(&self, position: usize) -> String {
        let variable = self.variables.iter().find(|(end, _)| position < *end);
        match variable {
            Some((_, name)) if position > self.text.len() => (*name).to_owned(),
            _ => format!("{}:{}", self.name, line_of(self.text, position)),
        }
    }
}

fn line_of(text: &str, position: usize) -> usize {
    let before = text.as_bytes().iter().take(position);
    1 + before.filter(|byte| **byte == b'\n').count()
}

/// Puts `value` at `path`, whose keys get the positions from `at` on; what is in the way and no table is replaced.
fn lay<'t>(table: &mut DeTable<'t>, path: &[&str], at: usize, value: Spanned<DeValue<'t>>) {
    let [key, rest @ ..] = path else { return };
    let name = Spanned::new(at..at + 1, Cow::Owned((*key).to_owned()));
    if rest.is_empty() {
        table.remove(&name);
        table.insert(name, value);
        return;
    }
    if !table
        .get(&name)
        .is_some_and(|below| below.get_ref().is_table())
    {
        table.remove(&name);
        table.insert(
            name.clone(),
            Spanned::new(name.span(), DeValue::Table(DeTable::new())),
        );
    }
    if let Some(DeValue::Table(below)) = table.get_mut(&name).map(Spanned::get_mut) {
        lay(below, rest, at + 1, value);
    }
}

/// The value with all that is in it moved to one position.
fn moved<'t>(value: DeValue<'t>, to: Range<usize>) -> Spanned<DeValue<'t>> {
    let inner = match value {
        DeValue::Array(items) => DeValue::Array(
            items
                .into_iter()
                .map(|item| moved(item.into_inner(), to.clone()))
                .collect(),
        ),
        DeValue::Table(entries) => {
            let entries = entries.into_iter().map(|(key, value)| {
                (
                    Spanned::new(to.clone(), key.into_inner()),
                    moved(value.into_inner(), to.clone()),
                )
            });
            DeValue::Table(entries.collect())
        }
        plain => plain,
    };
    Spanned::new(to, inner)
}

/// The path of the key or value at `span`, the deepest that there is.
fn path_at(table: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<String>> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref().to_string();
        let below = value
            .get_ref()
            .as_table()
            .and_then(|below| path_at(below, span));
        if let Some(mut path) = below {
            path.insert(0, name);
            return Some(path);
        }
        let within = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
        (key.span() == *span || within(value.span())).then(|| vec![name])
    })
}

fn key_span(table: &DeTable<'_>, path: &[&str]) -> Option<Range<usize>> {
    let [name, rest @ ..] = path else { return None };
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
    let below = value
        .get_ref()
        .as_table()
        .and_then(|below| key_span(below, rest));
    Some(below.unwrap_or_else(|| key.span()))
}

/// The parser's message in the words of the file.
fn in_words(message: &str) -> String {
    message
        .replace("expected a map", "expected a table")
        .replace("expected a sequence", "expected a list")
}
