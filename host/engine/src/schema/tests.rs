//! Which schemas are taken, what is said of params that do not fit, and how long either takes at most.

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
