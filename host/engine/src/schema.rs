//! JSON Schemas that plugins bring. They are checked where requests are served, so a check has to end soon, whatever the schema and whatever
//! the client sent: what could take long is no schema here, or no params.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use jsonschema_regex::to_rust_regex;
use regex::RegexBuilder;
use serde_json::{Map, Value};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use crate::bounds::cut;

/// Parts of a schema, with each reference counted with all that it leads to.
const MOST_PARTS: usize = 1_000;

/// Parts of a schema times parts of the params: some hundredths of a second.
const MOST_WORK: usize = 300_000;

/// From so much work on, whoever serves other sessions besides lets them go to another thread first.
const LONG_WORK: usize = 10_000;

/// Bytes of a text that count as one part: patterns read them.
const TEXT: usize = 16;

/// Bytes of the compiled patterns of a schema together, and of what one remembers of a text.
const MOST_PATTERN: usize = 256 * 1024;
const MOST_REMEMBERED: usize = 64 * 1024;

/// Bytes of a compiled pattern that count as one part. Where nothing can be remembered each of its states is visited for each byte of a text:
/// the largest take 7 us for a byte, where a part takes 30 ns.
const OF_PATTERN: usize = 9;

/// A number that another is to be a multiple of; larger ones and fractions are reckoned with numbers of any length.
const MOST_MULTIPLE: u64 = 1 << 32;

/// Characters of a sentence about what does not fit.
const MAX_SENTENCE: usize = 200;

/// Keywords with a map from names to schemas. Others than those in these lists are refused: one that the count knows otherwise than the library
/// makes the count worth nothing.
const MAPS: [&str; 5] = [
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
];

/// Keywords with a schema, or a list of them.
const SCHEMAS: [&str; 13] = [
    "items",
    "prefixItems",
    "contains",
    "additionalProperties",
    "propertyNames",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "contentSchema",
];

/// Keywords with plain values.
const VALUES: [&str; 33] = [
    "title",
    "description",
    "$comment",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "type",
    "const",
    "enum",
    "format",
    "pattern",
    "contentEncoding",
    "contentMediaType",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "required",
    "dependentRequired",
    "$id",
    "$schema",
];

/// Keywords of somebody's own begin with this, and have plain values.
const OWN: &str = "x-";

/// The one draft that is spoken, which is also meant where none is named.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A schema that is checked in bounded time, and reads nothing from elsewhere.
pub(crate) struct Schema {
    validator: Validator,
    /// Its parts, and those that its patterns count as.
    weight: usize,
}

/// The field that does not fit, and why.
type Misfit = (String, String);

impl Schema {
    /// Compiles it.
    ///
    /// # Errors
    /// Why it cannot be used: a clause.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        let mut count = Count {
            root: schema,
            way: Vec::new(),
            parts: 0,
            patterns: 0,
        };
        count.schema(schema)?;
        // Patterns that take time in proportion to the text: none looks back or around.
        let patterns = PatternOptions::regex()
            .size_limit(MOST_PATTERN)
            .dfa_size_limit(MOST_REMEMBERED);
        let validator = jsonschema::options()
            .with_pattern_options(patterns)
            .build(schema)
            .map_err(|error| format!("it is no JSON Schema: {error}"))?;
        Ok(Self {
            validator,
            weight: count.parts + count.patterns,
        })
    }

    /// The first thing in params that does not fit, or that they are too many to look at.
    pub(crate) fn accept(&self, schema: &Value, params: &Map<String, Value>) -> Result<(), Misfit> {
        let weight = of_members(params);
        let work = weight.saturating_mul(self.weight);
        if work > MOST_WORK {
            let why = "they are too large for what they are checked against";
            return Err(("params".to_owned(), why.to_owned()));
        }
        let fit = || self.fit(schema, &Value::Object(params.clone()), "params");
        match work > LONG_WORK && serves_others() {
            true => block_in_place(fit),
            false => fit(),
        }
    }

    /// The first thing that does not fit in a value of any size; `whole` is what it is called itself.
    pub(crate) fn fit(&self, schema: &Value, value: &Value, whole: &str) -> Result<(), Misfit> {
        let Err(error) = self.validator.validate(value) else {
            return Ok(());
        };
        let path = error.instance_path().to_string();
        let field = match (path.trim_start_matches('/'), named(&error)) {
            ("", None) => whole.to_owned(),
            ("", Some(name)) => name,
            (path, None) => path.replace('/', "."),
            (path, Some(name)) => format!("{}.{name}", path.replace('/', ".")),
        };
        let why = sentence(&error, schema);
        Err((field, why.chars().take(MAX_SENTENCE).collect()))
    }
}

/// Whether this thread is one of several that sessions take turns on.
fn serves_others() -> bool {
    Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}

/// Counts the parts of a schema as a check meets them.
struct Count<'s> {
    root: &'s Value,
    /// References that are being followed.
    way: Vec<&'s str>,
    parts: usize,
    /// Parts that patterns count as.
    patterns: usize,
}

impl<'s> Count<'s> {
    fn schema(&mut self, schema: &'s Value) -> Result<(), String> {
        self.one()?;
        let Value::Object(keywords) = schema else {
            return match schema {
                Value::Array(schemas) => schemas.iter().try_for_each(|schema| self.schema(schema)),
                _ => Ok(()),
            };
        };
        for (keyword, value) in keywords {
            match (keyword.as_str(), value) {
                ("$ref", Value::String(reference)) => self.reference(reference)?,
                ("$id", _) if !std::ptr::eq(schema, self.root) => {
                    return Err("a part of it has an $id; only the whole may".to_owned());
                }
                ("$schema", value) if value != DRAFT => {
                    return Err(format!("its $schema is {value}; it has to be {DRAFT}"));
                }
                (keyword, Value::Object(schemas)) if MAPS.contains(&keyword) => {
                    self.one()?;
                    if keyword == "patternProperties" {
                        schemas.keys().try_for_each(|name| self.pattern(name))?;
                    }
                    schemas
                        .values()
                        .try_for_each(|schema| self.schema(schema))?;
                }
                (keyword, value) if SCHEMAS.contains(&keyword) => self.schema(value)?,
                ("pattern", Value::String(pattern)) => self.pattern(pattern)?,
                ("multipleOf", value) if value.as_u64().is_none_or(|of| of > MOST_MULTIPLE) => {
                    return Err(format!(
                        "it has multipleOf {value}; give a whole number up to {MOST_MULTIPLE}, or have the plugin look at it"
                    ));
                }
                (keyword, value) if VALUES.contains(&keyword) || keyword.starts_with(OWN) => {
                    self.value(value)?;
                }
                (keyword, _) => {
                    let keyword: String = keyword.chars().take(64).collect();
                    return Err(format!("it has {keyword:?}, which is no keyword here"));
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Result<(), String> {
        self.one()?;
        match value {
            Value::Array(values) => values.iter().try_for_each(|value| self.value(value)),
            Value::Object(members) => members.values().try_for_each(|value| self.value(value)),
            _ => Ok(()),
        }
    }

    /// As large as it is compiled, to a factor of two: as the library compiles it, which translates it first.
    fn pattern(&mut self, pattern: &str) -> Result<(), String> {
        self.one()?;
        let translated =
            to_rust_regex(pattern).map_err(|()| format!("{} is no pattern", shortened(pattern)))?;
        let compiles = |size| RegexBuilder::new(&translated).size_limit(size).build();
        let sizes = std::iter::successors(Some(256), |size| Some(size * 2));
        let mut sizes = sizes.take_while(|size| *size <= MOST_PATTERN);
        match sizes.find(|size| compiles(*size).is_ok()) {
            Some(size) if self.patterns + size / OF_PATTERN <= MOST_PATTERN / OF_PATTERN => {
                self.patterns += size / OF_PATTERN;
                Ok(())
            }
            Some(_) => Err(format!(
                "its patterns take more than {} KiB together; repeat less in them, or say maxLength",
                MOST_PATTERN / 1024
            )),
            None if matches!(compiles(MOST_PATTERN), Err(regex::Error::CompiledTooBig(_))) => {
                Err(format!(
                    "the pattern {} is too large: it takes more than {} KiB; repeat less in it, or say maxLength",
                    shortened(pattern),
                    MOST_PATTERN / 1024
                ))
            }
            None => Err(format!(
                "{} is no pattern here, where none looks back or around",
                shortened(pattern)
            )),
        }
    }

    /// What it leads to is checked wherever it stands.
    fn reference(&mut self, reference: &'s str) -> Result<(), String> {
        if reference == "#" || self.way.contains(&reference) {
            return Err(format!(
                "{reference:?} refers to what it is a part of; write out how deep values may nest"
            ));
        }
        let target = reference
            .strip_prefix('#')
            // The library decodes percents, and this does not.
            .filter(|pointer| pointer.starts_with('/') && !pointer.contains('%'))
            .and_then(|pointer| self.root.pointer(pointer));
        let Some(target) = target else {
            return Err(format!(
                "{reference:?} leads nowhere; a reference is written as #/$defs/NAME"
            ));
        };
        self.way.push(reference);
        self.schema(target)?;
        self.way.pop();
        Ok(())
    }

    fn one(&mut self) -> Result<(), String> {
        self.more(1)
    }

    fn more(&mut self, parts: usize) -> Result<(), String> {
        self.parts += parts;
        match self.parts > MOST_PARTS {
            true => Err(format!(
                "it has more than {MOST_PARTS} parts, each reference counted with all that it leads to; make it simpler"
            )),
            false => Ok(()),
        }
    }
}

/// For a sentence.
fn shortened(pattern: &str) -> String {
    format!("{:?}", cut(pattern, 64))
}

/// Parts of a value.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / TEXT,
        Value::Array(values) => 1 + values.iter().map(weight).sum::<usize>(),
        Value::Object(members) => 1 + of_members(members),
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}

/// Names are read too, by patterns of their own.
fn of_members(members: &Map<String, Value>) -> usize {
    members
        .iter()
        .map(|(name, value)| weight(value) + name.len() / TEXT)
        .sum()
}

/// The library names two words of those that fit and counts the rest, and of a range only the end that was passed.
fn sentence(error: &ValidationError<'_>, schema: &Value) -> String {
    match error.kind() {
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let options: Vec<_> = options.iter().map(Value::to_string).collect();
            format!("{} is not one of {}", error.instance(), options.join(", "))
        }
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
            match range(error, schema) {
                Some((least, most)) => {
                    format!("{} is not within {least} to {most}", error.instance())
                }
                None => error.to_string(),
            }
        }
        _ => error.to_string(),
    }
}

/// Both ends of the range that was left, where the schema has both.
fn range<'s>(error: &ValidationError<'_>, schema: &'s Value) -> Option<(&'s Value, &'s Value)> {
    let path = error.schema_path().to_string();
    let (place, _) = path.rsplit_once('/')?;
    let place = schema.pointer(place)?;
    Some((place.get("minimum")?, place.get("maximum")?))
}

/// The member that is missing or unknown: it is not part of the path.
fn named(error: &ValidationError<'_>) -> Option<String> {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected.first().cloned(),
        ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
