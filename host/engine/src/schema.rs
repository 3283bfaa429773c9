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
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;

    fn field(params: Value) -> String {
        let schema = json!({
            "type": "object", "required": ["ra"], "additionalProperties": false,
            "properties": { "ra": { "type": "number" }, "at": { "type": "object", "required": ["hour"] } },
        });
        let Value::Object(params) = params else {
            panic!("an object")
        };
        Schema::new(&schema)
            .unwrap()
            .accept(&schema, &params)
            .unwrap_err()
            .0
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_field() {
        assert_eq!(field(json!({ "ra": "x" })), "ra");
        assert_eq!(field(json!({})), "ra");
        assert_eq!(field(json!({ "ra": 1, "dec": 2 })), "dec");
        assert_eq!(field(json!({ "ra": 1, "at": {} })), "at.hour");
    }

    #[test]
    fn every_word_that_fits_is_named() {
        let schema =
            json!({ "properties": { "rate": { "enum": ["guide", "center", "find", "slew"] } } });
        let Value::Object(params) = json!({ "rate": "warp" }) else {
            panic!("an object")
        };
        assert_eq!(
            Schema::new(&schema)
                .unwrap()
                .accept(&schema, &params)
                .unwrap_err(),
            (
                "rate".to_owned(),
                r#""warp" is not one of "guide", "center", "find", "slew""#.to_owned()
            )
        );
    }

    #[test]
    fn a_range_is_named_with_both_ends() {
        let schema = json!({ "properties": {
            "latitude": { "type": "number", "minimum": -90, "maximum": 90 },
            "gain": { "type": "integer", "minimum": 1 },
        } });
        for (field, value, why) in [
            ("latitude", json!(91), "91 is not within -90 to 90"),
            ("latitude", json!(-90.5), "-90.5 is not within -90 to 90"),
            ("gain", json!(0), "0 is less than the minimum of 1"),
        ] {
            let params = Map::from_iter([(field.to_owned(), value)]);
            assert_eq!(
                Schema::new(&schema)
                    .unwrap()
                    .accept(&schema, &params)
                    .unwrap_err(),
                (field.to_owned(), why.to_owned())
            );
        }
    }

    fn refused(schema: Value) -> String {
        Schema::new(&schema).err().expect("it is refused")
    }

    #[test]
    fn a_schema_whose_references_grow_without_end_is_refused_at_once() {
        let mut definitions = Map::from_iter([("d40".to_owned(), json!({ "type": "object" }))]);
        for number in 0..40 {
            let next = json!({ "$ref": format!("#/$defs/d{}", number + 1) });
            definitions.insert(format!("d{number}"), json!({ "allOf": [next, next] }));
        }
        let began = Instant::now();
        let why = refused(json!({ "$ref": "#/$defs/d0", "$defs": definitions }));
        assert!(why.starts_with("it has more than 1000 parts"), "{why}");
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_refused() {
        let whole = json!({ "properties": { "a": { "$ref": "#" } } });
        let part = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "properties": { "a": { "$ref": "#/$defs/a" } } } } });
        // A member may be called like a keyword whose value is plain.
        let hidden = json!({ "properties": { "const": { "$ref": "#" } } });
        for schema in [whole, part, hidden] {
            let why = refused(schema);
            assert!(why.contains("refers to what it is a part of"), "{why}");
        }
    }

    #[test]
    fn references_that_lead_nowhere_or_elsewhere_and_what_hides_them_are_refused() {
        for (schema, said) in [
            (json!({ "$ref": "#/$defs/none" }), "leads nowhere"),
            (
                json!({ "$ref": "http://example.org/schema" }),
                "leads nowhere",
            ),
            (
                json!({ "$ref": "#/$defs/a%62", "$defs": { "a%62": {}, "ab": {} } }),
                "leads nowhere",
            ),
            (
                json!({ "$dynamicRef": "#node" }),
                "\"$dynamicRef\", which is no keyword here",
            ),
            (
                json!({ "unevaluatedProperties": false }),
                "which is no keyword here",
            ),
            (
                json!({ "dependencies": { "const": { "$ref": "#" } } }),
                "which is no keyword here",
            ),
            (
                json!({ "$schema": "http://json-schema.org/draft-04/schema#" }),
                "it has to be https",
            ),
            (
                json!({ "properties": { "a": { "$id": "http://example.org/a" } } }),
                "has an $id",
            ),
        ] {
            let why = refused(schema);
            assert!(why.contains(said), "{why}");
        }
        Schema::new(&json!({ "properties": { "at": { "$ref": "#/$defs/at" } }, "$defs": { "at": { "type": "number" } } })).unwrap();
        Schema::new(
            &json!({ "properties": { "$ref": { "type": "number" } }, "const": { "$ref": "#" } }),
        )
        .unwrap();
    }

    #[test]
    fn a_pattern_that_looks_back_is_refused_and_a_long_text_is_checked_soon() {
        let why = refused(json!({ "pattern": "^(?=((a+)+)+$)\\1b" }));
        assert!(why.contains("none looks back or around"), "{why}");
        let schema = json!({ "properties": { "x": { "pattern": "^(a+)+$" } } });
        let params = Map::from_iter([("x".to_owned(), json!("a".repeat(60_000) + "c"))]);
        let began = Instant::now();
        let misfit = Schema::new(&schema).unwrap().accept(&schema, &params);
        assert_eq!(misfit.unwrap_err().0, "x");
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    /// The most that is let through of what is hard for a keyword, against a schema that has it as often as may be.
    #[test]
    fn no_keyword_takes_long_for_the_most_that_is_let_through() {
        let numbers = |number: Value| vec![number; 9_000];
        let distinct: Vec<_> = (0..9_000).map(|number| json!({ "a": number })).collect();
        let hard = "(a|b)*a(a|b){100}c";
        let text = json!("ab".repeat(30_000));
        let longest = json!(numbers(json!(1.7e308)));
        for (keyword, of, values) in [
            ("multipleOf", json!(7), longest.clone()),
            (
                "multipleOf",
                json!(4_294_967_296_u64),
                json!(numbers(json!(u64::MAX))),
            ),
            ("minimum", json!(1e-300), longest.clone()),
            ("const", json!(1.5), longest.clone()),
            ("enum", json!(vec![1.5; 20]), longest),
            ("pattern", json!(hard), json!([text])),
            ("pattern", json!(format!("{hard}|\\cA")), json!([text])),
            ("pattern", json!("^(a+)+$"), json!([text])),
            ("pattern", json!("\\w+\\W"), json!([text])),
            ("minLength", json!(3), json!([text])),
            ("uniqueItems", json!(true), json!([distinct])),
            ("contains", json!({ "const": 3 }), json!([distinct])),
        ] {
            for times in [1, 40] {
                let part = json!({ keyword: of });
                let items = json!({ "allOf": vec![part; times] });
                let schema = json!({ "properties": { "all": { "items": items } } });
                let Ok(compiled) = Schema::new(&schema) else {
                    continue;
                };
                let mut params = Map::from_iter([("all".to_owned(), values.clone())]);
                while of_members(&params) * compiled.weight > MOST_WORK {
                    halve(&mut params["all"]);
                }
                let began = Instant::now();
                // Whether they fit is no matter.
                let _ = compiled.accept(&schema, &params);
                let took = began.elapsed();
                assert!(
                    took < Duration::from_millis(500),
                    "{keyword} {of}, {times} times: {took:?}"
                );
            }
        }
    }

    /// Who says what does not fit of many alternatives within each other looks at some of them again.
    #[test]
    fn no_chain_of_alternatives_takes_long_for_the_most_that_is_let_through() {
        for keyword in ["anyOf", "oneOf", "allOf"] {
            // As deep as JSON text is read.
            let chain = (0..60).fold(
                json!({ "items": { "minimum": 5 } }),
                |inner, _| json!({ keyword: [inner] }),
            );
            let schema = json!({ "properties": { "all": chain } });
            let compiled = Schema::new(&schema).unwrap();
            for most in [LONG_WORK, MOST_WORK] {
                let count = most / compiled.weight - 2;
                let params = Map::from_iter([("all".to_owned(), json!(vec![1; count]))]);
                let began = Instant::now();
                let misfit = compiled.accept(&schema, &params);
                assert!(misfit.is_err());
                let took = began.elapsed();
                assert!(took < Duration::from_millis(500), "{keyword}: {took:?}");
            }
        }
    }

    #[test]
    fn long_names_weigh_what_patterns_read_of_them() {
        let names = json!({ "propertyNames": { "pattern": "(a|b)*a(a|b){200}c" } });
        let within = json!({ "properties": { "all": names.clone() } });
        let long = Map::from_iter([("ab".repeat(30_000), json!(1))]);
        let nested = Map::from_iter([("all".to_owned(), json!(long))]);
        let patterned = json!({ "patternProperties": { "(a|b)*a(a|b){200}c": true } });
        for (schema, params) in [(&names, &long), (&within, &nested), (&patterned, &long)] {
            let (field, why) = Schema::new(schema)
                .unwrap()
                .accept(schema, params)
                .unwrap_err();
            assert_eq!(field, "params");
            assert!(why.contains("too large"), "{why}");
        }
    }

    #[test]
    fn what_people_write_of_names_and_times_is_taken() {
        for pattern in [
            "^[0-9]{1,3}$",
            r"^\w+$",
            r"^\d{4}-\d{2}-\d{2}$",
            "^.{1,64}$",
            r"^[^\s]{1,32}$",
            r"^\p{L}+$",
        ] {
            let schema = json!({ "properties": { "x": { "pattern": pattern } } });
            let params = Map::from_iter([("x".to_owned(), json!("2026-11-28 of a name"))]);
            let compiled = Schema::new(&schema).unwrap_or_else(|why| panic!("{pattern}: {why}"));
            if let Err((field, why)) = compiled.accept(&schema, &params) {
                assert_eq!(field, "x", "{pattern}: {why}");
            }
        }
    }

    /// Of what is in it, every second one.
    fn halve(value: &mut Value) {
        match value {
            Value::Array(values) if values.len() == 1 => halve(&mut values[0]),
            Value::Array(values) => values.truncate(values.len() / 2),
            Value::String(text) => text.truncate(text.len() / 2),
            other => *other = Value::Null,
        }
    }

    #[test]
    fn a_pattern_that_is_too_large_and_a_fraction_of_a_multiple_are_named() {
        for pattern in ["(a|b){30000}", "(a|b){30000}|\\cA"] {
            let why = refused(json!({ "pattern": pattern }));
            assert!(why.contains("is too large"), "{why}");
        }
        // As the library translates it, it weighs what it does without.
        let weight = |pattern: &str| Schema::new(&json!({ "pattern": pattern })).unwrap().weight;
        let hard = "(a|b)*a(a|b){200}c";
        assert!(weight(&format!("{hard}|\\cA")) >= weight(hard));
        for of in [json!(0.01), json!(1e300)] {
            let why = refused(json!({ "multipleOf": of }));
            assert!(why.contains("whole number"), "{why}");
        }
        Schema::new(&json!({ "pattern": "^[0-9]{1,3}:[0-5][0-9]$", "multipleOf": 5 })).unwrap();
    }

    #[test]
    fn params_that_take_long_to_check_are_refused() {
        let parts: Vec<_> = (0..200).map(|least| json!({ "minimum": least })).collect();
        let schema = json!({ "properties": { "all": { "items": { "allOf": parts } } } });
        let compiled = Schema::new(&schema).unwrap();
        let params = |count: usize| Map::from_iter([("all".to_owned(), json!(vec![500; count]))]);
        assert_eq!(compiled.accept(&schema, &params(100)), Ok(()));
        let (field, why) = compiled.accept(&schema, &params(30_000)).unwrap_err();
        assert_eq!(
            (field.as_str(), why.as_str()),
            (
                "params",
                "they are too large for what they are checked against"
            )
        );
    }
}
